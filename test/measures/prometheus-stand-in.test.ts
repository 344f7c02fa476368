import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { after, before, beforeEach, describe, it } from 'node:test'
import * as z from 'zod/mini'
import { prometheus } from '../../src/measures/prometheus/prometheus.ts'
import type { PrometheusConfig } from '../../src/measures/prometheus/settings.ts'
import type { SourceContext } from '../../src/measures/source.ts'
import type { Sample } from '../../src/records/run-data.ts'
import { type PrometheusStandIn, startPrometheusStandIn } from '../helpers/prometheus-stand-in.ts'

const context: SourceContext = {
  signal: new AbortController().signal,
  secret: async (name) => `value of ${name}`,
  log: () => {},
  step: 1000,
  folder: '/',
  measure: 'm',
}
const one = (value: (at: number) => number | string | null, metric: Record<string, string> = { __name__: 'm' }) => [{ metric, value }]

describe('source prometheus, against a stand-in for what a server seldom does', () => {
  let server: PrometheusStandIn
  before(async () => void (server = await startPrometheusStandIn()))
  after(() => server.close())
  beforeEach(() => {
    Object.assign(server, { asked: [], headers: [], skew: 0, answer: () => ({ series: one(() => 5) }) })
  })

  const to = 1_790_000_010_000
  const range = (query: string, more: Partial<PrometheusConfig> = {}): Promise<Sample[]> =>
    prometheus.range?.({ url: server.url, ...more }, query, { from: to - 10_000, to }, context) ?? Promise.resolve([])
  const check = (query: string, more: Partial<PrometheusConfig> = {}) => prometheus.check({ url: server.url, ...more }, query, context)
  const allMissing = (samples: readonly Sample[], why: RegExp): void => {
    assert.equal(samples.length, 10)
    for (const sample of samples) assert.match('missing' in sample ? sample.missing : JSON.stringify(sample), why)
  }
  const failing = (status: number, body: string, headers: Record<string, string> = {}) => ({
    fail: (response: ServerResponse) => void response.writeHead(status, headers).end(body),
  })

  it('waits as long as a busy server asks, and gives the answer that comes then', async () => {
    let first = true
    server.answer = () => {
      if (!first) return { series: one(() => 5) }
      first = false
      return failing(503, '{"status":"error","errorType":"timeout","error":"query timed out"}', { 'retry-after': '1' })
    }
    const started = performance.now()
    const samples = await range('m')
    assert.ok(performance.now() - started > 900)
    assert.deepEqual([...new Set(samples.map((sample) => 'value' in sample && sample.value))], [5])
  })

  it('gives no numbers but the reason for every answer that is none', async () => {
    const cases: [status: number, body: string, why: RegExp][] = [
      [503, '{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}', /status 503: query timed out/],
      [502, '<html>Bad Gateway</html>', /status 502/],
      [422, '{"status":"error","errorType":"execution","error":"too many samples"}', /status 422: too many samples/],
      [429, '{"status":"error","error":"max query rate"}', /status 429: max query rate/],
      [200, '<html>login</html>', /did not answer as a Prometheus server does/],
      [200, '{"status":"error","error":"no"}', /did not answer as a Prometheus server does: no/],
      [200, '', /did not answer as a Prometheus server does/],
    ]
    for (const [status, body, why] of cases) {
      // A wait that is longer than anybody's patience is not waited for.
      server.answer = () => failing(status, body, { 'retry-after': '60' })
      await assert.rejects(range('m'), why)
      await assert.rejects(check('m'), why)
    }
  })

  it('takes an answer with warnings for incomplete: missing, and a problem before the run', async () => {
    server.answer = () => ({ series: one(() => 5), warnings: ['store 10.0.0.7 is down'], infos: ['m might not be a counter'] })
    allMissing(await range('m'), /^the answer is incomplete: store 10\.0\.0\.7 is down$/)
    allMissing(await range('m * 2'), /^the answer is incomplete/)
    const { problems, notes } = await check('m * 2')
    assert.deepEqual(problems, ['the answer is incomplete: store 10.0.0.7 is down'])
    assert.ok(notes?.includes('m might not be a counter'))
  })

  it('infinity, NaN and native histograms are missing', async () => {
    for (const [value, why] of [
      ['+Inf', /infinite/],
      ['-Inf', /infinite/],
      ['NaN', /NaN/],
    ] as const) {
      server.answer = () => ({ series: one(() => value) })
      allMissing(await range('m'), why)
    }
    server.answer = () => ({ series: one(() => 1), native: true })
    assert.match((await check('m')).problems.join(), /native histogram/)
    assert.match((await check('p99(m)')).problems.join(), /native histogram/)
  })

  it('an empty answer is missing at each step', async () => {
    server.answer = () => ({ series: [] })
    allMissing(await range('m'), /no reading here/)
    allMissing(await range('m * 2'), /the query gives nothing here/)
  })

  it('tells how far the server’s clock is off', async () => {
    server.skew = -12_000
    const { skew } = await check('m')
    assert.ok(Math.abs((skew ?? 0) + 12_000) < 500, `skew ${skew}`)
  })

  it('refuses histograms whose edges differ', async () => {
    const bucket = (pod: string, le: string) => ({ metric: { __name__: 'm_bucket', pod, le }, value: (at: number) => at / 1000 })
    server.answer = () => ({ series: [bucket('a', '1'), bucket('a', '+Inf'), bucket('b', '2'), bucket('b', '+Inf')] })
    assert.match((await check('p99(m_bucket)')).problems.join(), /different edges/)
    server.answer = () => ({ series: [bucket('a', '1'), bucket('a', '2')] })
    assert.match((await check('p99(m_bucket)')).problems.join(), /le="\+Inf" is not there/)
    allMissing(await range('p99(m_bucket)'), /le="\+Inf" is not there/)
  })

  it('sends user and password, a token, or headers, with their secrets, and says when they are refused', async () => {
    const sent = async (more: Partial<PrometheusConfig>) => {
      server.headers.length = 0
      await range('m', more)
      return server.headers[0]
    }
    assert.equal((await sent({ token: '${secret:T}' }))?.authorization, 'Bearer value of T')
    const basic = Buffer.from('me:value of P').toString('base64')
    assert.equal((await sent({ user: 'me', password: '${secret:P}' }))?.authorization, `Basic ${basic}`)
    assert.equal((await sent({ headers: { 'X-Scope-OrgID': 'team-1' } }))?.['x-scope-orgid'], 'team-1')
    for (const status of [401, 403]) {
      server.answer = () => failing(status, 'no')
      await assert.rejects(check('m'), /does not let us in \(status 40[13]\): check user and password, token or headers/)
    }
  })

  it('needs one address, and user and password together', () => {
    const ok = (config: object): boolean => z.safeParse(prometheus.config, config).success
    assert.ok(ok({ url: 'http://a/prometheus' }) && ok({ scrape: 'http://a/metrics' }) && ok({ url: 'http://a', user: 'u', password: 'p' }))
    for (const wrong of [
      {},
      { url: 'http://a', scrape: 'http://b' },
      { url: 'http://a', user: 'u' },
      { url: 'ftp://a' },
      { url: 'http://a', step: '1s' },
    ])
      assert.ok(!ok(wrong), JSON.stringify(wrong))
    assert.deepEqual(prometheus.needs({ url: 'http://a:9090/x', token: '${secret:T}' }), [{ reach: 'a:9090' }, { secret: 'T' }])
  })
})
