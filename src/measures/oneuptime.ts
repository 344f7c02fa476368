/** Source `oneuptime`: metrics that OneUptime has summed up by the minute. */
import * as z from 'zod/mini'
import { once, says } from '../document/schema-types.ts'
import { fillSecrets } from '../document/secrets.ts'
import { wallMs } from '../system/clock.ts'
import { askPatiently, httpAddress, httpNeeds, httpSettings, secretOnly } from './http.ts'
import type { Source, SourceContext, Window } from './source.ts'
import { inParts, stretches } from './windows.ts'

const config = once(() =>
  z.strictObject({
    url: says('Your OneUptime; default https://oneuptime.com.', z.optional(httpAddress)),
    api_key: says('An API key of the project: "${secret:NAME}".', secretOnly),
    timeout: says('How long an answer may take; default 10s.', httpSettings.timeout),
  }),
)

export type OneUptimeConfig = z.infer<ReturnType<typeof config>>

/** ms: OneUptime keeps nothing finer. */
const minute = 60_000
/** Minutes in one answer; its limit is 10,000 rows. */
const mostRows = 1_000

const aggregations = {
  avg: 'Avg',
  sum: 'Sum',
  max: 'Max',
  min: 'Min',
  count: 'Count',
  p50: 'P50',
  p90: 'P90',
  p95: 'P95',
  p99: 'P99',
} as const

export const oneuptime: Source<OneUptimeConfig> = {
  type: 'oneuptime',
  get config() {
    return config()
  },
  about: {
    does: 'Reads metrics that were sent to OneUptime, one value a minute.',
    query:
      '`METHOD(METRIC{attribute="value", …})`, the attributes may be left out; METHOD is one of ' +
      `${Object.keys(aggregations).join(', ')}. Without METHOD: \`avg\`. All series of the selection are pooled into one.`,
    example: `sources:
  ou: { type: oneuptime, url: https://oneuptime.example.com, api_key: "\${secret:ONEUPTIME_KEY}" }
measures:
  checkout_p99:
    from: ou
    query: p99(http.server.duration{resource.service.name="checkout"})
    unit: ms
    max: { fault: 800ms }
phases: { baseline: 12m, fault: 5m, recovery: 12m }`,
    notes: [
      'A minute is the finest that OneUptime gives, and values come up to 90 s late: use it for long phases, and Squall’s own traffic or `prometheus` for short ones.',
      'OneUptime knows no unit here: `unit` says in what the metric is sent (`unit: s`).',
      'A minute without data, a part of an answer, and a query that took too long are missing; Squall asks for an error instead of a partial result.',
      'Tested against a stand-in that was built from the published code of OneUptime 12, not against OneUptime itself.',
    ],
  },
  lag: 90_000,

  needs: (settings) => httpNeeds(addressOf(settings), [settings.api_key]),

  async check(settings, query, context) {
    const wanted = readQuery(query)
    if ('problem' in wanted) return { step: minute, problems: [wanted.problem] }
    const now = wallMs()
    const { rows, skew } = await ask(settings, wanted, { from: now - 10 * minute, to: now }, context)
    const problems = rows.length > 0 ? [] : [`${query} has no data in the last ten minutes`]
    return { step: minute, problems, ...(skew !== null && { skew }) }
  },

  async range(settings, query, window, context) {
    const wanted = readQuery(query)
    if ('problem' in wanted) throw new Error(wanted.problem)
    const parts = inParts(window, minute, mostRows)
    const read = async (part: Window) => {
      const { rows, truncated } = await ask(settings, wanted, { from: part.from - 2 * minute, to: part.to }, context)
      const values = new Map(truncated ? [] : rows.map(({ at, value }) => [Math.floor(at / minute) * minute, value]))
      return stretches(values, part, minute, truncated ? 'the answer is incomplete' : 'OneUptime has no data here')
    }
    const samples = []
    for (const part of parts) samples.push(...(await read(part)))
    return samples
  },
}

interface Wanted {
  method: (typeof aggregations)[keyof typeof aggregations]
  metric: string
  attributes: Record<string, string>
}

const attributePattern = /\s*([\w./-]+)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y

function readQuery(query: string): Wanted | { problem: string } {
  const problem = `“${query}” is no query; write e.g. p99(http.server.duration{resource.service.name="checkout"})`
  const [, method, called, plain] = /^\s*(?:(\w+)\s*\((.*)\)|(.*?))\s*$/s.exec(query) ?? []
  const type = aggregations[(method ?? 'avg') as keyof typeof aggregations]
  const [, metric, inside = ''] = /^\s*([\w./-]+)\s*(?:\{(.*)\})?\s*$/s.exec(called ?? plain ?? '') ?? []
  if (type === undefined || metric === undefined) return { problem }
  const attributes: Record<string, string> = {}
  attributePattern.lastIndex = 0
  while (attributePattern.lastIndex < inside.trimEnd().length) {
    const found = attributePattern.exec(inside)
    if (!found) return { problem }
    attributes[found[1] as string] = (found[2] as string).replace(/\\(.)/g, '$1')
  }
  return { method: type, metric, attributes }
}

interface Answered {
  rows: { at: number; value: number | null }[]
  truncated: boolean
  skew: number | null
}

interface Body {
  message?: string
  data?: { timestamp: string | { value: string }; value: number | null }[]
  truncated?: boolean
}

async function ask(
  settings: OneUptimeConfig,
  { method, metric, attributes }: Wanted,
  { from, to }: Window,
  context: SourceContext,
): Promise<Answered> {
  const date = (ms: number): object => ({ _type: 'DateTime', value: new Date(ms).toISOString() })
  const aggregateBy = {
    aggregateColumnName: 'value',
    aggregationType: method,
    aggregationTimestampColumnName: 'time',
    aggregationInterval: 'Minute',
    startTimestamp: date(from),
    endTimestamp: date(to),
    query: { name: metric, ...(Object.keys(attributes).length > 0 && { attributes }) },
    limit: Math.ceil((to - from) / minute) + 10,
    skip: 0,
    timeoutOverflowMode: 'throw', // Else a query that took too long gives what it has, as if that were all.
  }
  const answer = await askPatiently({
    url: `${addressOf(settings)}/api/metrics/aggregate`,
    method: 'POST',
    headers: {
      apikey: await fillSecrets(settings.api_key, context.secret),
      'content-type': 'application/json',
      accept: 'application/json',
    },
    body: JSON.stringify({ aggregateBy }),
    timeout: settings.timeout ?? 10_000,
    signal: context.signal,
  })
  if ('failed' in answer) throw new Error(answer.failed)
  const { status, skew } = answer
  const body = parse(answer.text)
  const why = body?.message === undefined ? '' : `: ${body.message}`
  if (status === 401 || status === 403 || /api key/i.test(why)) throw new Error(`OneUptime does not let us in (status ${status})${why}`)
  if (status === 429) throw new Error('OneUptime’s rate limit is used up')
  if (status !== 200) throw new Error(`OneUptime answered with status ${status}${why}`)
  if (!Array.isArray(body?.data)) throw new Error('the answer is not that of OneUptime: it has no data')
  const rows = body.data.map(({ timestamp, value }) => ({
    at: Date.parse(typeof timestamp === 'string' ? timestamp : timestamp.value),
    value,
  }))
  return { rows, truncated: body.truncated === true, skew }
}

function parse(source: string): Body | null {
  try {
    return JSON.parse(source) as Body | null
  } catch {
    return null
  }
}

function addressOf({ url = 'https://oneuptime.com' }: OneUptimeConfig): string {
  return url.replace(/\/+$/, '')
}
