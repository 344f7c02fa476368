/** Source `datadog`: the metrics query of its API, version 1. */
import * as z from 'zod/mini'
import { once, says } from '../document/schema-types.ts'
import { fillSecrets } from '../document/secrets.ts'
import type { Sample } from '../records/run-data.ts'
import { wallMs } from '../system/clock.ts'
import { type Answer, askPatiently, httpAddress, httpNeeds, httpSettings, secretOnly } from './http.ts'
import type { Check, Source, SourceContext, Window } from './source.ts'
import { inParts, stretches } from './windows.ts'

const sites = [
  ...['datadoghq.com', 'us3.datadoghq.com', 'us5.datadoghq.com', 'datadoghq.eu', 'uk1.datadoghq.com', 'ap1.datadoghq.com'],
  ...['ap2.datadoghq.com', 'ddog-gov.com', 'us2.ddog-gov.com'],
] as const

const config = once(() =>
  z.strictObject({
    site: says(
      'Where your organisation lives; default datadoghq.com.',
      z.optional(z.enum(sites, { error: `expected one of ${sites.join(', ')}` })),
    ),
    url: says('Instead of `site`: a gateway that passes the API on.', z.optional(httpAddress)),
    api_key: says('The API key: "${secret:NAME}".', secretOnly),
    app_key: says('An application key with the permission timeseries_query: "${secret:NAME}".', secretOnly),
    timeout: says('How long an answer may take; default 10s.', httpSettings.timeout),
  }),
)

export type DatadogConfig = z.infer<ReturnType<typeof config>>

/** Datadog widens the rollup by itself beyond about 1,500 points. */
const mostPoints = 1_000
const noRollup =
  'Datadog chooses by the length of the window how much it sums up: end each metric with .rollup(avg, 10), or sum, max, … and seconds'

export const datadog: Source<DatadogConfig> = {
  type: 'datadog',
  get config() {
    return config()
  },
  about: {
    does: 'Reads measures from Datadog’s metrics query API.',
    query: 'A metrics query as in the Metrics Explorer that gives one series, each metric with a `.rollup(METHOD, SECONDS)` of its own.',
    example: `sources:
  dd: { type: datadog, site: datadoghq.eu, api_key: "\${secret:DD_API_KEY}", app_key: "\${secret:DD_APP_KEY}" }
measures:
  checkout_p99: { from: dd, query: "p99:trace.http.request{service:checkout}.rollup(max, 10)", unit: s, max: { fault: 800ms } }
  orders: { from: dd, query: "sum:orders.placed{env:prod}.as_rate().rollup(avg, 10)", unit: /s, min: { recovery: 0.9x } }`,
    notes: [
      'Without a rollup Datadog chooses one by the length of the window, and the same second would have other values each time it is read: such a query is refused.',
      'Datadog draws lines through gaps when it adds series up: `.fill(null)` forbids that. `default_zero(…)` makes zeros of gaps, so use it for counts only.',
      'Times and bytes are converted by the unit that Datadog knows; where it knows none, `unit` says it (`unit: s`).',
      'Values come about a minute late. They are read once more one minute after the baseline and after the run.',
      'When its rate limit is used up (429), Squall waits as long as Datadog says, up to 30 s; then the readings are missing for the time being and are read later.',
      'Tested against a stand-in that was built from the published API, not against Datadog itself.',
    ],
  },
  lag: 60_000,

  needs: (settings) => httpNeeds(addressOf(settings), [settings.api_key, settings.app_key]),

  async check(settings, query, context) {
    const step = rollupOf(query)
    if (step === null) return { step: 10_000, problems: [noRollup] }
    const now = wallMs()
    const { series, skew } = await ask(settings, query, { from: now - 600_000, to: now }, context)
    const [one] = series
    const problems = series.length === 1 && one ? widened(one, step) : [howMany(query, series)]
    return { ...(one && unitOf(one)), step, ...(skew !== null && { skew }), problems, notes: notesOn(query) }
  },

  async range(settings, query, window, context) {
    const step = rollupOf(query)
    if (step === null) throw new Error(noRollup)
    const samples: Sample[] = []
    for (const part of inParts(window, step, mostPoints)) samples.push(...(await readPart(settings, query, part, step, context)))
    return samples
  },
}

async function readPart(settings: DatadogConfig, query: string, window: Window, step: number, context: SourceContext): Promise<Sample[]> {
  const { series } = await ask(settings, query, { from: window.from - 2 * step, to: window.to }, context)
  const wrong = series.length > 1 ? `${series.length} series at once` : series.flatMap((one) => widened(one, step))[0]
  const points = wrong === undefined ? (series[0]?.pointlist ?? []) : []
  const values = new Map(points.map(([at, value]) => [Math.floor(at / step) * step, value]))
  return stretches(values, window, step, wrong ?? 'Datadog has no value here')
}

interface Unit {
  family?: string
  name?: string
  /** What one of it is in the family's base unit: seconds, bytes. */
  scale_factor?: number
}

interface Series {
  metric?: string
  expression?: string
  scope?: string
  /** s */
  interval?: number
  pointlist: [ms: number, value: number | null][]
  unit?: (Unit | null)[] | null
}

async function ask(
  settings: DatadogConfig,
  query: string,
  { from, to }: Window,
  context: SourceContext,
): Promise<{ series: Series[]; skew: number | null }> {
  const parameters = new URLSearchParams({ from: String(Math.floor(from / 1000)), to: String(Math.ceil(to / 1000)), query })
  const headers = {
    accept: 'application/json',
    'dd-api-key': await fillSecrets(settings.api_key, context.secret),
    'dd-application-key': await fillSecrets(settings.app_key, context.secret),
  }
  const url = `${addressOf(settings)}/api/v1/query?${parameters}`
  const answer = await askPatiently({ url, headers, timeout: settings.timeout ?? 10_000, signal: context.signal }, untilReset)
  if ('failed' in answer) throw new Error(answer.failed)
  const { status, skew } = answer
  const body = parse(answer.text)
  if (status === 401 || status === 403)
    throw new Error(`Datadog does not let us in (status ${status}): check both keys, the site, and the key’s permission timeseries_query`)
  if (status === 429) throw new Error(`Datadog’s rate limit is used up; it counts anew in ${untilReset(answer) / 1000} s`)
  const why = body?.error ?? body?.errors?.join('; ')
  if (status !== 200) throw new Error(`Datadog answered with status ${status}${why ? `: ${why}` : ''}`)
  if (body?.status !== 'ok' || !Array.isArray(body.series)) throw new Error(`Datadog gave no series${why ? `: ${why}` : ''}`)
  return { series: body.series, skew }
}

interface Body {
  status?: string
  error?: string
  errors?: string[]
  series?: Series[]
}

function parse(source: string): Body | null {
  try {
    return JSON.parse(source) as Body | null
  } catch {
    return null
  }
}

function addressOf({ site = 'datadoghq.com', url }: DatadogConfig): string {
  return url === undefined ? `https://api.${site}` : url.replace(/\/+$/, '')
}

/** ms until the limit counts anew. */
function untilReset({ headers }: Pick<Answer, 'headers'>): number {
  const seconds = Number(headers['x-ratelimit-reset'] ?? Number.NaN)
  return 1000 * (Number.isFinite(seconds) ? seconds : 1)
}

/** ms, the widest rollup; null when a metric has none. */
function rollupOf(query: string): number | null {
  const metrics = query.replace(/\bby\s*\{[^}]*\}/g, '').match(/\{[^}]*\}/g) ?? []
  const rollups = [...query.matchAll(/\.rollup\(\s*\w+\s*,\s*(\d+)\s*\)/g)].map(([, seconds]) => Number(seconds))
  return rollups.length > 0 && rollups.length >= metrics.length ? 1000 * Math.max(...rollups) : null
}

function widened({ interval }: Series, step: number): string[] {
  return interval === undefined || 1000 * interval <= step ? [] : [`Datadog sums up ${interval} s instead of ${step / 1000} s`]
}

function howMany(query: string, series: readonly Series[]): string {
  if (series.length === 0) return `${query} gives no series in the last ten minutes`
  const list = series.slice(0, 5).map(({ expression, metric, scope }) => expression ?? `${metric}{${scope}}`)
  return `${query} gives ${series.length} series, exactly one is needed (leave out “by {…}”): ${list.join('; ')}`
}

function notesOn(query: string): string[] {
  return [
    ...(/\.fill\(/.test(query) ? [] : ['Datadog may draw lines through gaps: .fill(null) forbids that']),
    ...(/\bdefault_zero\(|\.fill\(\s*(zero|last|linear)/.test(query) ? ['the query makes numbers out of gaps'] : []),
  ]
}

function unitOf({ unit }: Series): Pick<Check, 'unit' | 'factor'> {
  const [of, per] = unit ?? []
  if (!of) return {}
  if (per) return per.name === 'second' && of.family !== 'time' && of.family !== 'bytes' ? { unit: '/s' } : {}
  const scale = of.scale_factor ?? 1
  if (of.family === 'time') return { unit: 'ms', factor: Number((1000 * scale).toPrecision(12)) }
  if (of.family === 'bytes' && of.name !== 'bit') return { unit: 'bytes', factor: scale }
  if (of.name === 'percent') return { unit: 'share', factor: 0.01 }
  return of.name === 'fraction' ? { unit: 'share' } : {}
}
