import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import * as z from 'zod/mini'
import { endpoint } from '../../src/measures/endpoint.ts'
import { followPath, parseFieldPath } from '../../src/measures/field-path.ts'
import { sourceContext as context } from './source-context.ts'

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`
}

const answering =
  (text: string): RequestListener =>
  (_, response) =>
    void response.end(text)

describe('source endpoint', () => {
  it('reads numbers by field path, 0 included', async (t) => {
    const url = await serve(t, answering('{"latency":{"p99":12.5},"errorRate":0,"nodes":[{"load":0.7}]}'))
    const read = (query: string) => endpoint.now!({ url }, query, context())
    assert.deepEqual(await read('latency.p99'), { value: 12.5 })
    assert.deepEqual(await read('errorRate'), { value: 0 })
    assert.deepEqual(await read('$.nodes[0].load'), { value: 0.7 })
  })

  it('asks once for all measures of a second, with headers and their secrets', async (t) => {
    const seen: (string | undefined)[] = []
    const url = await serve(t, (request, response) => {
      seen.push(request.headers.authorization)
      response.end('{"a":1,"b":2}')
    })
    const config = { url, headers: { Authorization: 'Bearer ${secret:TOKEN}' } }
    const second = context({ tick: {} })
    assert.deepEqual(await Promise.all([endpoint.now!(config, 'a', second), endpoint.now!(config, 'b', second)]), [
      { value: 1 },
      { value: 2 },
    ])
    await endpoint.now!(config, 'a', context({ tick: {} }))
    assert.deepEqual(seen, ['Bearer secret TOKEN', 'Bearer secret TOKEN'])
  })

  it('says missing, never a number, in every way of failing', async (t) => {
    const page = '{"gone":null,"text":"12","list":[1],"flag":true,"huge":1e999}'
    const good = await serve(t, answering(page))
    const cases: [url: string, query: string, why: RegExp][] = [
      [good, 'absent', /there is no absent/],
      [good, 'list[3]', /there is no list\[3\]/],
      [good, 'text.length', /there is no text\.length/],
      [good, 'list.length', /there is no list\.length/],
      [good, 'toString', /there is no toString/],
      [good, 'gone', /is null/],
      [good, 'text', /no number but text/],
      [good, 'list', /no number but a list/],
      [good, 'flag', /true or false/],
      [good, 'huge', /not finite/],
      [good, 'a..b', /no field path/],
      [await serve(t, answering('<html>')), 'a', /not JSON/],
      [await serve(t, answering('')), 'a', /not JSON/],
      [await serve(t, (_, response) => void response.writeHead(503).end('{"a":1}')), 'a', /status 503/],
      [await serve(t, (_, response) => void response.writeHead(302, { location: good }).end()), 'a', /status 302/],
      [await serve(t, (request) => void request.socket.destroy()), 'a', /could not be read/],
      [await serve(t, () => {}), 'a', /did not answer within 150 ms/],
      [await serve(t, (_, response) => void response.write('{"a":')), 'a', /did not answer within 150 ms/],
      [await serve(t, answering(`"${'x'.repeat(5 * 1024 * 1024)}"`)), 'a', /bigger than 4 MiB/],
      ['http://127.0.0.1:1/', 'a', /could not be read/],
    ]
    await Promise.all(
      cases.map(async ([url, query, why]) => {
        const timeout = why.source.includes('150') ? 150 : 5000
        const reading = await endpoint.now!({ url, timeout }, query, context())
        assert.ok('missing' in reading, `${query}: ${JSON.stringify(reading)}`)
        assert.match(reading.missing, why)
      }),
    )
  })

  it('tells all problems before the run', async (t) => {
    const url = await serve(t, (_, response) => void response.writeHead(500).end())
    const { problems } = await endpoint.check({ url }, 'a..b', context())
    assert.equal(problems.length, 2)
    assert.match(problems.join(), /no field path.*status 500/)
    const fine = await serve(t, answering('{"a":1}'))
    assert.deepEqual(await endpoint.check({ url: fine }, 'a', context()), { step: 1000, problems: [] })
  })

  it('takes an address and a duration in its settings, and nothing unknown', () => {
    assert.deepEqual(z.parse(endpoint.config, { url: 'http://a/m', timeout: '1s' }), { url: 'http://a/m', timeout: 1000 })
    for (const wrong of [{}, { url: 'ftp://a' }, { url: 'http://a', interval: '1s' }, { url: 'http://a', timeout: 'soon' }])
      assert.equal(z.safeParse(endpoint.config, wrong).success, false)
  })
})

describe('a field path', () => {
  it('is read in its plain forms only', () => {
    assert.deepEqual(parseFieldPath('$.a[0].b'), ['a', 0, 'b'])
    assert.deepEqual(parseFieldPath('$["a.b"].c'), ['a.b', 'c'])
    assert.deepEqual(parseFieldPath("x['']"), ['x', ''])
    for (const wrong of ['', '$', '.', '.a', 'a.', 'a..b', 'a[', 'a[*]', 'a[-1]', '$..a']) assert.equal(parseFieldPath(wrong), null, wrong)
  })

  it('does not find what is inherited', () => {
    assert.ok('lost' in followPath({}, ['constructor']))
  })
})
