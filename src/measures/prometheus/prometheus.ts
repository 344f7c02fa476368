/** Source `prometheus`: a server's query API, or a page of metrics that is scraped directly. */
import { httpNeeds } from '../http.ts'
import type { Source } from '../source.ts'
import { type PrometheusConfig, settings } from './settings.ts'

export const prometheus: Source<PrometheusConfig> = {
  type: 'prometheus',
  get config() {
    return settings()
  },
  about: {
    does:
      'Reads measures from a Prometheus server (or Mimir, Thanos, VictoriaMetrics, Grafana Cloud: `url` with their path), or with `scrape` straight from a ' +
      'page of metrics in the text format, once a second and without a server.',
    query: `In four forms:

| query | gives |
|---|---|
| \`p99(NAME_bucket{…})\`, also \`p50\` to \`p99.9\` | a quantile of a histogram: the counts of its buckets are fetched, the quantile is computed here |
| \`share(BAD{…}, ALL{…})\` | bad events of all events, from two counters; when no bad event ever happened its series need not exist |
| \`NAME{…}\` | one series: a gauge as it is; of a scraped page a counter as its rate per second; \`sum(NAME{…})\` adds several up there |
| any PromQL (with \`url\` only) | the one series that it gives; inside \`p99(…)\` one rate for each \`le\` |`,
    example: `sources:
  prom: { type: prometheus, url: http://localhost:9090, token: "\${secret:PROM_TOKEN}" }
  orders: { type: prometheus, scrape: http://localhost:8080/metrics }
measures:
  latency_p99: { from: prom, query: 'p99(http_request_duration_seconds_bucket{job="orders"})', max: { fault: 500ms } }
  failed: { from: prom, query: 'share(http_requests_total{code=~"5.."}, http_requests_total)', max: { fault: 5% } }
  queue: { from: orders, query: 'queue_length{name="mail"}', max: { fault: 500 } }
  served_by_b: { from: prom, query: 'sum(rate(http_requests_total{region="b"}[1m]))', unit: /s, min: { fault: 45/s after 60s } }`,
    notes: [
      'Names that end in `_seconds` are taken in ms, `_bytes` in bytes, `_ratio` as shares. Where the result of PromQL is in seconds, write `unit: s`.',
      'Prefer `p99(…_bucket)` to `histogram_quantile`: a quantile lies anywhere within its bucket, and the verdict decides only what holds at both edges.',
      'What Prometheus remembers is followed live and read once more 15 s after the baseline and after the run, so that late samples are in. A reading ' +
        'that looks back (`rate(…[1m])`) counts for a phase only when all of its time is in it.',
      'Missing, never a number: a gap, NaN and infinity, a counter that was reset, several series at once, an answer with warnings (a part of a store was ' +
        'down), no events to divide by. A quantile beyond the last finite bucket has no value either, but breaks a bound that is below that bucket. The server’s clock is measured and corrected; more than 30 s refuse the run.',
      'The interval of the scrapes is the resolution: with one every 15 s a comparison with baseline needs phases of 3 minutes. Squall says so.',
    ],
  },
  /** A scrape may take as long as its target takes to answer, and only then is it stored. */
  lag: 15_000,

  needs: (config) =>
    httpNeeds(config.url ?? config.scrape ?? '', [config.user, config.password, config.token, ...Object.values(config.headers ?? {})]),

  remembers: ({ url }) => url !== undefined,

  // What asks is loaded when it is first needed: reading a document must stay fast.
  async check(config, query, context) {
    if (config.scrape !== undefined) return (await import('./scrape.ts')).checkScrape(config, query, context)
    return (await import('./check.ts')).checkQuery(config, query, context)
  },

  async now(config, query, context) {
    return (await import('./scrape.ts')).scrapeReading(config, query, context)
  },

  async range(config, query, window, context) {
    return (await import('./history.ts')).historyOf(config, query, window, context.step ?? 1000, context)
  },
}
