import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { prometheus } from '../../src/measures/prometheus/prometheus.ts'
import type { Reading, SourceContext } from '../../src/measures/source.ts'
import { serve, type TestServer } from '../helpers/http-server.ts'

const context = (): SourceContext => ({
  signal: new AbortController().signal,
  secret: async () => '',
  log: () => {},
  tick: {},
  folder: '/',
  measure: 'm',
})

function page({ requests = 0, errors = null as number | null, buckets = [0, 0], started = 1, queue = '4' }): string {
  const [fast = 0, all = 0] = buckets
  return `# TYPE http_requests counter
http_requests_total{code="200"} ${requests}
${errors === null ? '' : `http_requests_total{code="500"} ${errors}\n`}# TYPE lag_seconds histogram
lag_seconds_bucket{le="0.1"} ${fast}
lag_seconds_bucket{le="+Inf"} ${all}
lag_seconds_count ${all}
# TYPE queue gauge
queue{name="a"} ${queue}
queue{name="b"} 2
process_start_time_seconds ${started}
`
}

describe('source prometheus, scraping a page itself', () => {
  let server: TestServer
  let text = ''
  let status = 200
  let config: { scrape: string }
  before(async () => void (server = await serve((_, response) => void response.writeHead(status).end(text))))
  after(() => server.close())
  beforeEach(() => {
    config = { scrape: `${server.url}/metrics` }
    status = 200
  })

  /** The readings of all queries after two scrapes, `ms` apart. */
  async function twice(first: string, second: string, queries: readonly string[], ms = 50): Promise<Reading[]> {
    text = first
    const [early] = await ask(queries)
    assert.ok(early)
    await sleep(ms)
    text = second
    return ask(queries)
  }
  function ask(queries: readonly string[]): Promise<Reading[]> {
    const tick = context()
    return Promise.all(queries.map((query) => prometheus.now?.(config, query, tick) ?? assert.fail()))
  }
  const reason = (reading: Reading | undefined): string => (reading && 'missing' in reading ? reading.missing : JSON.stringify(reading))

  it('gives gauges as they are, counters as rates, events and buckets as what came between two readings', async () => {
    const queries = [
      'queue{name="a"}',
      'sum(queue)',
      'sum(http_requests_total)',
      'share(http_requests_total{code="500"}, http_requests_total)',
      'p99(lag_seconds_bucket)',
    ]
    const [gauge, sum, rate, share, buckets] = await twice(
      page({ requests: 100, buckets: [5, 10] }),
      page({ requests: 190, errors: 10, buckets: [85, 110] }),
      queries,
    )
    assert.deepEqual([gauge, sum], [{ value: 4 }, { value: 6 }])
    assert.ok(rate && 'value' in rate && rate.over !== undefined && Math.abs(rate.value - 100_000 / rate.over) < 1e-6, JSON.stringify(rate))
    assert.ok(rate.over >= 45 && rate.over < 1000)
    assert.deepEqual({ ...share, over: 0 }, { over: 0, bad: 10, total: 100 })
    assert.deepEqual(
      { ...buckets, over: 0 },
      {
        over: 0,
        buckets: [
          [0.1, 80],
          [Number.POSITIVE_INFINITY, 100],
        ],
      },
    )
  })

  it('is missing for a counter’s first reading, after a gap, and when it was reset', async () => {
    const queries = ['sum(http_requests_total)', 'p99(lag_seconds_bucket)']
    const before = page({ requests: 100, buckets: [5, 10] })
    text = before
    assert.match(reason((await ask(queries))[0]), /two readings in a row/)
    for (const reset of [page({ requests: 3, buckets: [1, 2] }), page({ requests: 500, buckets: [50, 100], started: 2 })]) {
      for (const reading of await twice(before, reset, queries)) assert.match(reason(reading), /reset/)
    }
    const [late] = await twice(before, page({ requests: 200 }), ['sum(http_requests_total)'], 2600)
    assert.match(reason(late), /two readings in a row/)
  })

  it('is missing without events, with several series, with NaN, and when the series is not there', async () => {
    const same = page({ requests: 100, buckets: [5, 10], queue: 'NaN' })
    const queries = [
      'share(http_requests_total{code="500"}, http_requests_total)',
      'p99(lag_seconds_bucket)',
      'queue',
      'queue{name="a"}',
      'gone',
      'p99(gone)',
    ]
    const why = [/no events/, /no events/, /2 series at once/, /is NaN/, /gone is not on the page/, /gone is not on the page/]
    for (const [i, reading] of (await twice(same, same, queries)).entries()) assert.match(reason(reading), why[i] as RegExp)
  })

  it('is missing when the page cannot be read', async () => {
    text = '<html>'
    assert.match(reason((await ask(['queue']))[0]), /cannot be read: line 1 is no line of metrics/)
    status = 503
    assert.match(reason((await ask(['queue']))[0]), /answered with status 503/)
  })

  it('tells before the run what is wrong, and the unit', async () => {
    text = page({ requests: 100, buckets: [5, 10] })
    const check = (query: string) => prometheus.check(config, query, context())
    const problems = async (query: string): Promise<string> => (await check(query)).problems.join('\n')
    assert.match(
      await problems('queue'),
      /gives 2 series, exactly one is needed \(write sum\(queue\), or name more labels\): queue\{name="a"\}; queue\{name="b"\}/,
    )
    assert.match(await problems('gone'), /gone is not on the page/)
    assert.match(await problems('p99(queue)'), /no bucket: its label le is not there/)
    assert.match(await problems('rate(http_requests_total[1m])'), /needs a Prometheus server/)
    const { problems: none, unit, factor } = await check('p99(lag_seconds_bucket)')
    assert.deepEqual([none, unit, factor], [[], 'ms', 1000])
    assert.equal((await check('sum(http_requests_total)')).unit, '/s')
    const share = await check('share(http_requests_total{code="500"}, http_requests_total)')
    assert.deepEqual([share.unit, share.problems, share.notes?.length], ['share', [], 1])
  })
})
