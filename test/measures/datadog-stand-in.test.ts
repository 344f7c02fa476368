import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import * as z from 'zod/mini'
import { datadog } from '../../src/measures/datadog.ts'
import type { SourceContext } from '../../src/measures/source.ts'
import type { Sample } from '../../src/records/run-data.ts'
import { type DatadogStandIn, keys, startDatadogStandIn } from '../helpers/datadog-stand-in.ts'

const context: SourceContext = {
  signal: new AbortController().signal,
  secret: async (name) => (name === 'API' ? keys.api : name === 'APP' ? keys.app : 'wrong'),
  log: () => {},
  step: 10_000,
  folder: '/',
  measure: 'm',
}
const query = 'avg:orders.latency{env:prod}.rollup(avg, 10).fill(null)'
const to = 1_790_000_100_000
const second = [{ family: 'time', scale_factor: 1, name: 'second' }, null] as [object, null]

describe('source datadog, against a stand-in built from its published API', () => {
  let server: DatadogStandIn
  before(async () => void (server = await startDatadogStandIn()))
  after(() => server.close())
  beforeEach(() => {
    Object.assign(server, {
      series: [{ scope: 'env:prod', unit: null, value: (at: number) => (at / 10_000) % 100 }],
      left: 100,
      reset: 1,
      requests: 0,
      skew: 0,
    })
  })

  const config = (more: object = {}) => ({ url: server.url, api_key: '${secret:API}', app_key: '${secret:APP}', ...more })
  const range = (from = to - 60_000, text = query, more = {}): Promise<Sample[]> =>
    datadog.range?.(config(more), text, { from, to }, context) ?? Promise.resolve([])
  const check = (text = query, more = {}) => datadog.check(config(more), text, context)

  it('gives each stretch at its end, and what is not there or null as missing', async () => {
    Object.assign(server.series[0]!, { value: (at: number) => (at === to - 30_000 ? null : 7) })
    const samples = await range()
    assert.deepEqual(
      samples.map((sample) => [sample.at - to, sample.over, 'value' in sample ? sample.value : 'missing' in sample && sample.missing]),
      [
        [-60_000, 10_000, 7],
        [-50_000, 10_000, 7],
        [-40_000, 10_000, 7],
        [-30_000, 10_000, 7],
        [-20_000, undefined, 'Datadog has no value here'],
        [-10_000, 10_000, 7],
      ],
    )
  })

  it('converts what Datadog knows the unit of', async () => {
    const found = async (unit: [object, object | null] | null) => {
      Object.assign(server.series[0]!, { unit })
      const { unit: known, factor, problems } = await check()
      assert.deepEqual(problems, [])
      return [known, factor]
    }
    assert.deepEqual(await found(second), ['ms', 1000])
    assert.deepEqual(await found([{ family: 'time', scale_factor: 1e-9, name: 'nanosecond' }, null]), ['ms', 1e-6])
    assert.deepEqual(await found([{ family: 'bytes', scale_factor: 1024, name: 'kibibyte' }, null]), ['bytes', 1024])
    assert.deepEqual(await found([{ family: 'percentage', scale_factor: 1, name: 'percent' }, null]), ['share', 0.01])
    assert.deepEqual(await found([{ family: 'network', scale_factor: 1, name: 'request' }, second[0]]), ['/s', undefined])
    assert.deepEqual(await found(null), [undefined, undefined])
  })

  it('refuses a query without a rollup of its own, or with several series, or with none', async () => {
    assert.match((await check('avg:orders.latency{env:prod}')).problems.join(), /\.rollup\(avg, 10\)/)
    assert.match((await check('avg:a{*}.rollup(avg, 10) / avg:b{*}')).problems.join(), /\.rollup\(avg, 10\)/)
    server.series.push({ scope: 'env:dev', value: () => 1 })
    assert.match((await check()).problems.join(), /gives 2 series, exactly one is needed .*avg:m\{env:prod\}; avg:m\{env:dev\}/)
    assert.deepEqual([...new Set((await range()).map((sample) => 'missing' in sample && sample.missing))], ['2 series at once'])
    server.series = []
    assert.match((await check()).problems.join(), /gives no series/)
    assert.ok((await range()).every((sample) => 'missing' in sample))
    await assert.rejects(check('avg:a{*.rollup(avg, 10)'), /status 400: Error parsing query/)
  })

  it('waits as long as the rate limit says, and says so when that is too long', async () => {
    server.left = 0
    setTimeout(() => (server.left = 5), 500)
    const started = performance.now()
    assert.ok((await range()).every((sample) => 'value' in sample))
    assert.ok(performance.now() - started > 900 && server.requests === 2)
    Object.assign(server, { left: 0, reset: 600 })
    await assert.rejects(range(), /rate limit is used up; it counts anew in 600 s/)
  })

  it('says which keys are refused and shows none', async () => {
    for (const more of [{ api_key: '${secret:OTHER}' }, { app_key: '${secret:OTHER}' }])
      await assert.rejects(
        check(query, more),
        (error: Error) => /\(status 403\): check both keys, the site/.test(error.message) && !error.message.includes('wrong'),
      )
  })

  it('reads long windows in parts, so that Datadog sums up no more than was asked', async () => {
    const samples = await range(to - 6 * 3_600_000)
    assert.equal(samples.length, 2160)
    assert.ok(samples.every((sample) => 'value' in sample) && server.requests === 3)
  })

  it('tells how far Datadog’s clock is off, as far as whole seconds can show', async () => {
    assert.equal((await check()).skew, 0)
    server.skew = 20_000
    const { skew = 0 } = await check()
    assert.ok(Math.abs(skew - 20_000) < 1500, String(skew))
  })

  it('warns of queries that draw lines through gaps', async () => {
    assert.deepEqual((await check()).notes, [])
    assert.match((await check('avg:orders.latency{env:prod}.rollup(avg, 10)')).notes?.join() ?? '', /\.fill\(null\)/)
    assert.match((await check('avg:orders.latency{env:prod}.rollup(avg, 10).fill(zero)')).notes?.join() ?? '', /numbers out of gaps/)
  })

  it('takes keys by secret only, and known sites only', () => {
    const ok = (more: object): boolean => z.safeParse(datadog.config, { api_key: '${secret:A}', app_key: '${secret:B}', ...more }).success
    assert.ok(ok({}) && ok({ site: 'us5.datadoghq.com' }))
    for (const wrong of [{ api_key: 'abc' }, { app_key: 'x${secret:B}' }, { site: 'example.com' }, { region: 'eu' }])
      assert.ok(!ok(wrong), JSON.stringify(wrong))
    assert.deepEqual(datadog.needs({ site: 'datadoghq.eu', api_key: '${secret:A}', app_key: '${secret:B}' }), [
      { reach: 'api.datadoghq.eu' },
      { secret: 'A' },
      { secret: 'B' },
    ])
  })
})
