import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import * as z from 'zod/mini'
import { oneuptime } from '../../src/measures/oneuptime.ts'
import type { SourceContext } from '../../src/measures/source.ts'
import type { Sample } from '../../src/records/run-data.ts'
import { apiKey, type OneUptimeStandIn, startOneUptimeStandIn } from '../helpers/oneuptime-stand-in.ts'

const context: SourceContext = {
  signal: new AbortController().signal,
  secret: async (name) => (name === 'KEY' ? apiKey : 'not-a-uuid'),
  log: () => {},
  step: 60_000,
  folder: '/',
  measure: 'm',
}
const query = 'p99(http.server.duration{resource.service.name="checkout"})'
const to = 1_790_000_040_000

describe('source oneuptime, against a stand-in built from its published code', () => {
  let server: OneUptimeStandIn
  before(async () => void (server = await startOneUptimeStandIn()))
  after(() => server.close())
  beforeEach(() => {
    Object.assign(server, { value: () => 5, slow: false, truncated: false, asked: [], fail: null })
  })

  const config = (key = 'KEY') => ({ url: server.url, api_key: `\${secret:${key}}` })
  const range = (from = to - 300_000, text = query): Promise<Sample[]> =>
    oneuptime.range?.(config(), text, { from, to }, context) ?? Promise.resolve([])
  const check = (text = query, key = 'KEY') => oneuptime.check(config(key), text, context)

  it('gives each minute at its end, and one without data as missing', async () => {
    server.value = (at) => (at === to - 180_000 ? null : at === to - 120_000 ? 8 : 5)
    const samples = await range()
    assert.deepEqual(
      samples.map((sample) => [sample.at - to, sample.over, 'value' in sample ? sample.value : 'missing' in sample && sample.missing]),
      [
        [-300_000, 60_000, 5],
        [-240_000, 60_000, 5],
        [-180_000, 60_000, 5],
        [-120_000, undefined, 'OneUptime has no data here'],
        [-60_000, 60_000, 8],
      ],
    )
  })

  it('asks for the method, the metric and its attributes, by the minute, and for an error rather than a part', async () => {
    await range()
    const [asked] = server.asked
    assert.deepEqual(
      [asked?.aggregationType, asked?.query, asked?.aggregationInterval, asked?.timeoutOverflowMode],
      ['P99', { name: 'http.server.duration', attributes: { 'resource.service.name': 'checkout' } }, 'Minute', 'throw'],
    )
    await range(to - 300_000, 'queue.length')
    assert.deepEqual([server.asked[1]?.aggregationType, server.asked[1]?.query], ['Avg', { name: 'queue.length' }])
  })

  it('reads long windows in parts', async () => {
    const samples = await range(to - 40 * 3_600_000)
    assert.equal(samples.length, 2400)
    assert.ok(samples.every((sample) => 'value' in sample) && server.asked.length === 3)
  })

  it('has no numbers for an answer that is none, or only a part', async () => {
    server.truncated = true
    assert.deepEqual([...new Set((await range()).map((sample) => 'missing' in sample && sample.missing))], ['the answer is incomplete'])
    server.slow = true
    await assert.rejects(range(), /status 500: Timeout exceeded/)
    server.fail = { status: 429, message: 'Too many requests', headers: { 'retry-after': '60' } }
    await assert.rejects(range(), /rate limit is used up/)
    server.fail = { status: 502, message: 'Bad gateway' }
    await assert.rejects(range(), /status 502: Bad gateway/)
  })

  it('tells before the run what is wrong', async () => {
    assert.deepEqual(await check(), { step: 60_000, problems: [], skew: 0 })
    server.value = () => null
    assert.match((await check()).problems.join(), /has no data in the last ten minutes/)
    await assert.rejects(check(query, 'OTHER'), /does not let us in \(status 400\): Invalid API Key/)
    for (const wrong of ['median(x)', 'p99(x{a=1})', 'p99(x', 'rate(x[1m])', ''])
      assert.match((await check(wrong)).problems.join(), /is no query/, wrong)
  })

  it('takes its key by secret only', () => {
    const ok = (value: object): boolean => z.safeParse(oneuptime.config, value).success
    assert.ok(ok({ api_key: '${secret:A}' }))
    assert.ok(!ok({ api_key: apiKey }) && !ok({}))
    assert.deepEqual(oneuptime.needs({ api_key: '${secret:A}' }), [{ reach: 'oneuptime.com' }, { secret: 'A' }])
  })
})
