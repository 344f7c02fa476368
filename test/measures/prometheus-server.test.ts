import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isInstalled } from '../../scripts/lib/components.ts'
import { historyOf } from '../../src/measures/prometheus/history.ts'
import { prometheus } from '../../src/measures/prometheus/prometheus.ts'
import type { SourceContext } from '../../src/measures/source.ts'
import type { Sample } from '../../src/records/run-data.ts'
import { serve, type TestServer } from '../helpers/http-server.ts'
import { firstScrapes, type PrometheusServer, startPrometheus } from '../helpers/prometheus-server.ts'

const context: SourceContext = {
  signal: new AbortController().signal,
  secret: async () => '',
  log: () => {},
  step: 1000,
  folder: '/',
  measure: 'm',
}

/** What the exporter shows. */
const shop = { requests: 1000, errors: null as number | null, fast: 900, slow: 100, queue: '7', busy: 3, down: false }
/** ms since the epoch: when something was changed. */
const moments: Record<string, number> = {}

function page(): string {
  const { requests, errors, fast, slow, queue, busy } = shop
  return `# TYPE shop_requests_total counter
shop_requests_total{code="200"} ${requests}
${errors === null ? '' : `shop_requests_total{code="500"} ${errors}`}
# TYPE shop_seconds histogram
shop_seconds_bucket{le="0.1"} ${fast}
shop_seconds_bucket{le="0.5"} ${fast + slow}
shop_seconds_bucket{le="+Inf"} ${fast + slow}
shop_seconds_sum 1
shop_seconds_count ${fast + slow}
# TYPE queue gauge
queue{name="mail"} ${queue}
queue{name="print"} 2
# TYPE busy gauge
busy ${busy}
# TYPE idle_total counter
idle_total 5
${staleLine}`
}

/** A sample with a time of its own gets no staleness marker when it is not renewed. */
let staleLine = ''

describe('source prometheus, against a real server', { skip: isInstalled('prometheus') ? false : 'prometheus is not installed' }, () => {
  let exporter: TestServer
  let server: PrometheusServer
  const config = () => ({ url: server.url })
  let end = 0

  before(async () => {
    staleLine = `unrenewed 7 ${Date.now() - 60_000}\n`
    exporter = await serve((_, response) => void (shop.down ? response.writeHead(500).end() : response.end(page())))
    server = await startPrometheus({ shop: `127.0.0.1:${exporter.port}` })
    await firstScrapes(server.url, 'busy')
    const load = setInterval(() => {
      shop.requests += 10
      shop.fast += 8
      shop.slow += 2
    }, 100)
    const mark = async (what: string, ms: number): Promise<void> => {
      moments[what] = Date.now()
      await sleep(ms)
    }
    await mark('steady', 5000)
    shop.errors = 37 // The series begins with its first errors.
    await mark('errors', 3000)
    shop.queue = 'NaN'
    await mark('nan', 3000)
    shop.queue = '7'
    shop.requests = 5
    shop.fast = 0
    shop.slow = 0
    await mark('reset', 4000)
    shop.down = true
    await mark('gap', 4000)
    shop.down = false
    await mark('back', 4000)
    end = Date.now()
    clearInterval(load)
    await sleep(1200)
  })

  after(async () => {
    await server?.stop()
    await exporter?.close()
  })

  const check = (query: string) => prometheus.check(config(), query, context)
  const range = (query: string, from = moments.steady as number, to = end): Promise<Sample[]> =>
    prometheus.range?.(config(), query, { from, to }, context) ?? Promise.resolve([])
  const reasons = (samples: readonly Sample[]): Set<string> =>
    new Set(samples.flatMap((sample) => ('missing' in sample ? [sample.missing] : [])))
  const between = (samples: readonly Sample[], from: string, to: string, margin = 1500): Sample[] =>
    samples.filter(({ at }) => at > (moments[from] as number) + margin && at < (moments[to] as number))

  it('finds unit, pace and clock of each form of query', async () => {
    const found = async (query: string) => {
      const { problems, skew, step, unit, factor } = await check(query)
      assert.deepEqual(problems, [], query)
      assert.ok(Math.abs(skew ?? Number.NaN) < 500, `skew ${skew}`)
      return [step, unit, factor]
    }
    assert.deepEqual(await found('p99(shop_seconds_bucket)'), [1000, 'ms', 1000])
    assert.deepEqual(await found('share(shop_requests_total{code="500"}, shop_requests_total)'), [1000, 'share', undefined])
    assert.deepEqual(await found('busy'), [1000, undefined, undefined])
    assert.deepEqual(await found('sum(rate(shop_requests_total[10s])) / 2'), [1000, undefined, undefined])
    assert.deepEqual(await found('histogram_quantile(0.9, sum by (le) (rate(shop_seconds_bucket[10s])))'), [1000, 'ms', 1000])
    assert.deepEqual(await found('p90(sum by (le) (rate(shop_seconds_bucket[10s])))'), [1000, 'ms', 1000])
  })

  it('tells what is wrong with a query, with the series it gives', async () => {
    const problems = async (query: string): Promise<string> => (await check(query)).problems.join('\n')
    assert.match(await problems('queue'), /gives 2 series, exactly one is needed .*queue\{.*name="mail".*; queue\{.*name="print"/)
    assert.match(await problems('queue * 2'), /gives 2 series, exactly one is needed/)
    assert.match(await problems('no_such_metric'), /no_such_metric gives no series/)
    assert.match(await problems('no_such_metric * 2'), /gives no series/)
    assert.match(await problems('p99(busy)'), /is no bucket/)
    assert.match(await problems('share(busy)'), /share\(…\) takes two counters/)
    await assert.rejects(check('sum(rate(busy[10s])'), /status 400.*parse error/)
    assert.match(await problems('rate(busy[1s]) + 1'), /\[1s\] holds fewer than two readings, which come every 1 s: use at least \[4s\]/)
    assert.match((await check('rate(busy[3s]) + 1')).notes?.join() ?? '', /a range below 4 s is empty after few missed ones/)
    assert.match((await check('histogram_quantile(0.9, shop_seconds_bucket)')).notes?.join() ?? '', /p99\(…_bucket\) instead/)
  })

  it('counts each event once, and those of a series that begins with its first errors', async () => {
    const samples = between(await range('share(shop_requests_total{code="500"}, shop_requests_total)'), 'steady', 'nan')
    const counts = samples.flatMap((sample) => ('total' in sample ? [sample] : []))
    assert.ok(counts.length >= 5, JSON.stringify(samples))
    assert.equal(
      counts.reduce((sum, { bad }) => sum + bad, 0),
      37,
    )
    assert.ok(counts.every(({ total, over }) => total > 50 && total < 250 && (over ?? 0) > 500))
  })

  it('fetches buckets as counts of each stretch', async () => {
    const samples = between(await range('p99(shop_seconds_bucket)'), 'steady', 'reset')
    const whole = samples.flatMap((sample) => ('buckets' in sample ? [sample.buckets] : []))
    assert.ok(whole.length >= 7, JSON.stringify(samples))
    for (const buckets of whole) {
      assert.deepEqual(
        buckets.map(([le]) => le),
        [0.1, 0.5, Number.POSITIVE_INFINITY],
      )
      const [fast, all] = [buckets[0]?.[1] ?? 0, buckets[2]?.[1] ?? 0]
      assert.ok(Math.abs(fast / all - 0.8) < 0.01, `${fast} of ${all}`)
    }
  })

  it('a counter that was reset is missing, never a negative number', async () => {
    for (const query of ['share(shop_requests_total{code="500"}, shop_requests_total)', 'p99(shop_seconds_bucket)']) {
      const samples = await range(query)
      assert.ok(reasons(samples).has('a counter was reset'), [...reasons(samples)].join())
      assert.ok(samples.every((sample) => !('total' in sample) || (sample.total > 0 && sample.bad >= 0)))
      assert.ok(samples.every((sample) => !('buckets' in sample) || sample.buckets.every(([, count]) => count >= 0)))
    }
  })

  it('a gap is missing in every form, and numbers come again after it', async () => {
    for (const query of ['busy', 'busy * 1', 'share(shop_requests_total{code="500"}, shop_requests_total)', 'p99(shop_seconds_bucket)']) {
      const samples = await range(query)
      const gap = between(samples, 'gap', 'back', 2000)
      assert.ok(gap.length > 0 && gap.every((sample) => 'missing' in sample), `${query}: ${JSON.stringify(gap)}`)
      assert.ok(
        samples.some((sample) => sample.at > (moments.back as number) + 1500 && !('missing' in sample)),
        query,
      )
    }
  })

  it('NaN and 0/0 are missing, with the reason', async () => {
    const nan = between(await range('queue{name="mail"}'), 'nan', 'reset')
    assert.ok(nan.length >= 1 && nan.every((sample) => 'missing' in sample && sample.missing.startsWith('is NaN')), JSON.stringify(nan))
    const nothing = await range('rate(idle_total[5s]) / rate(idle_total[5s])', moments.errors as number, moments.gap)
    assert.ok(reasons(nothing).has('is NaN: 0/0, or nothing was counted'))
    assert.ok(nothing.every((sample) => 'missing' in sample))
  })

  it('several series at once are missing', async () => {
    const samples = await range('queue', moments.errors, moments.nan)
    assert.deepEqual([...reasons(samples)], ['several series at once'])
    assert.deepEqual([...reasons(await range('queue * 1', moments.errors, moments.nan))], ['2 series at once'])
  })

  it('asks in parts where the server gives no more than 11,000 points', async () => {
    const from = end - 4 * 3_600_000
    const direct = await fetch(`${server.url}/api/v1/query_range?query=busy&start=${from / 1000}&end=${end / 1000}&step=1`)
    assert.equal(direct.status, 400)
    assert.match(await direct.text(), /exceeded maximum resolution of 11,000 points/)
    const samples = await range('busy * 1', from, end)
    assert.ok(Math.abs(samples.length - 14_400) <= 1, String(samples.length))
    assert.ok(samples.filter((sample) => 'value' in sample).length >= 12)
    assert.equal(new Set(samples.map(({ at }) => at)).size, samples.length)
  })

  it('does not take a value for present that was not renewed, as the server itself does for five minutes', async () => {
    const direct = (await (await fetch(`${server.url}/api/v1/query?query=unrenewed`)).json()) as { data: { result: unknown[] } }
    assert.equal(direct.data.result.length, 1, 'the server still gives it')
    const samples = await range('unrenewed', moments.nan as number, end)
    assert.ok(samples.length > 5 && samples.every((sample) => 'missing' in sample))
    for (const query of ['unrenewed * 1', 'sum(unrenewed) + sum(busy)']) {
      const computed = await range(query, moments.steady, moments.gap)
      assert.ok(
        computed.every((sample) => 'missing' in sample),
        query,
      )
      assert.deepEqual([...reasons(computed)], ['a series behind it has no reading any more'])
    }
    assert.match((await check('unrenewed')).problems.join(), /gives no series any more/)
  })

  it('gives the same for a window read in pieces as for the whole of it', async () => {
    const query = 'share(shop_requests_total{code="500"}, shop_requests_total)'
    const [from, to] = [Math.ceil((moments.steady as number) / 1000) * 1000 + 2000, Math.floor((moments.nan as number) / 1000) * 1000]
    const pieces: Sample[] = []
    for (let at = from; at < to; at += 1000) pieces.push(...(await historyOf(config(), query, { from: at, to: at + 1000 }, 1000, context)))
    const whole = await historyOf(config(), query, { from, to }, 1000, context)
    assert.deepEqual(pieces, whole)
  })
})
