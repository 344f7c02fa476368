/** One call of the API, of servers that behave and of those that do not. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, suite, test } from 'node:test'
import { callApi } from '../../../src/proxy/toxiproxy-client/api.ts'
import { proxyCalls } from '../../../src/proxy/toxiproxy-client/proxy-calls.ts'
import { makeCertificate } from '../../helpers/certificate.ts'
import { serve, type TestServer } from '../../helpers/http-server.ts'
import { until } from '../../helpers/processes.ts'

suite('calls of a Toxiproxy API', () => {
  let server: TestServer | undefined
  afterEach(() => server?.close())

  async function answering(answer: RequestListener): Promise<string> {
    server = await serve(answer)
    return server.url
  }

  test('a server behind a path and a password is called there, and the password is in no message', async () => {
    const seen: Pick<IncomingMessage, 'url' | 'headers'>[] = []
    const base = await answering((request, response) => {
      seen.push(request)
      response.writeHead(500).end('{"error":"no room","status":500}')
    })
    const calls = proxyCalls(`${base.replace('//', '//me:hidden@')}/toxi/`, 'a b')
    await assert.rejects(calls.remove('squall-x:one', { limit: 5_000 }), (error: Error) => {
      assert.equal(error.message, `the Toxiproxy server at ${base}/toxi refused to remove squall-x:one: no room (HTTP 500)`)
      return true
    })
    assert.equal(seen[0]?.url, '/toxi/proxies/a%20b/toxics/squall-x%3Aone')
    assert.equal(seen[0]?.headers.authorization, `Basic ${Buffer.from('me:hidden').toString('base64')}`)
    assert.ok(!seen[0]?.headers['user-agent']?.startsWith('Mozilla/'), 'browsers are refused')
  })

  test('a server that hangs is given up in time; what was to be put is followed until it can have no effect', async () => {
    const base = await answering(() => {})
    let over = false
    const call = { method: 'POST', path: ['proxies'], body: {}, limit: 60 } as const
    const error = { code: 'toxiproxy-not-usable', message: `the Toxiproxy server at ${base} did not answer within 0.06 s` }
    await assert.rejects(callApi(base, { ...call, onEnd: () => (over = true) }), error)
    assert.equal(over, false)
    await server?.close()
    await until('the end of the call', () => over)
  })

  test('HTTPS is spoken where the address says so, and certificates are checked', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'squall-https-'))
    const { key, certificate } = makeCertificate(folder)
    const secured = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (_, response) => response.end('{}'))
    await new Promise<void>((resolve) => secured.listen(0, '127.0.0.1', resolve))
    const base = `https://127.0.0.1:${(secured.address() as AddressInfo).port}`
    try {
      const asking = callApi(base, { method: 'GET', path: ['version'], limit: 5_000 })
      await assert.rejects(asking, /^SquallError: the Toxiproxy server at https:.* cannot be reached: self-signed certificate/)
    } finally {
      secured.close()
      secured.closeAllConnections()
      rmSync(folder, { recursive: true })
    }
  })

  const strange: [string, RequestListener, RegExp][] = [
    [
      'the page of a timeout',
      (_, response) => response.writeHead(503).end('<html><body><h1>Timeout</h1></body></html>'),
      /: Timeout \(HTTP 503\)/,
    ],
    ['somebody else’s page', (_, response) => response.end('<html>hello</html>'), /is no Toxiproxy server/],
    [
      'an answer that breaks off',
      (_, response) => void response.writeHead(200, { 'content-length': 9 }).write('{', () => response.destroy()),
      /broke off/,
    ],
    ['a version that is too old', (_, response) => response.end('1.2.1'), /is 1\.2\.1: 2\.0 or newer is needed/],
  ]
  for (const [what, answer, says] of strange)
    test(`${what} is told as what it is`, async () => {
      await assert.rejects(proxyCalls(await answering(answer), 'shop').checkVersion(5_000), { code: 'toxiproxy-not-usable', message: says })
    })

  test('versions that are named otherwise are taken for new enough', async () => {
    for (const version of ['{"version":"git"}', '{"version": "2.12.0"}\n', '{"version":"v3.0.0"}']) {
      await proxyCalls(await answering((_, response) => response.end(version)), 'shop').checkVersion(5_000)
      await server?.close()
    }
  })
})
