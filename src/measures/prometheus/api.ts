/** The query API of Prometheus, version 1. */

import { wallMs } from '../../system/clock.ts'
import { askPatiently, withoutQuery } from '../http.ts'
import type { SourceContext } from '../source.ts'
import type { Labels, Selector } from './selector.ts'
import { defaultTimeout, headersOf, type PrometheusConfig } from './settings.ts'

export interface Series {
  labels: Labels
  /** `at` in ms since the epoch. */
  points: { at: number; value: number }[]
  /** Its samples are native histograms, which carry no single value. */
  native: boolean
}

export interface Answered {
  series: Series[]
  /** Not empty: the answer may lack a part (a store that was down). */
  warnings: string[]
  infos: string[]
  /** ms since the epoch, by our clock: half-way between question and answer. */
  middle: number
}

/** Bytes; some hundred thousand samples. */
const biggest = 32 * 1024 * 1024
/** Prometheus refuses more than 11,000 points a series. */
const mostPoints = 10_000

/** The newest value of each series. @throws Error with the reason when there is no answer */
export function queryNow(config: PrometheusConfig, expression: string, context: SourceContext): Promise<Answered> {
  return call(config, 'query', { query: expression }, context)
}

/** All stored samples of a selector in (from, to], ms since the epoch: real times, no lookback, nothing repeated. */
export async function queryRaw(
  config: PrometheusConfig,
  selector: Pick<Selector, 'text'>,
  { from, to, step }: { from: number; to: number; step: number },
  context: SourceContext,
): Promise<Answered> {
  return inParts(from, to, step, (start, end) =>
    call(config, 'query', { query: `${selector.text}[${Math.max(1, Math.ceil(end - start))}ms]`, time: String(end / 1000) }, context),
  )
}

/** An expression at each `step` (ms) of [from, to]. */
export async function querySteps(
  config: PrometheusConfig,
  expression: string,
  { from, to, step }: { from: number; to: number; step: number },
  context: SourceContext,
): Promise<Answered> {
  return inParts(from, to, step, (start, end) => {
    const times = { start: String(start / 1000), end: String(end / 1000), step: String(step / 1000) }
    return call(config, 'query_range', { query: expression, ...times }, context)
  })
}

async function inParts(from: number, to: number, step: number, ask: (start: number, end: number) => Promise<Answered>): Promise<Answered> {
  const whole: Answered = { series: [], warnings: [], infos: [], middle: 0 }
  const byLabels = new Map<string, Series>()
  const stride = mostPoints * step
  for (let start = from; start <= to; start += stride) {
    const part = await ask(start, Math.min(to, start + stride - step))
    for (const series of part.series) {
      const key = JSON.stringify(series.labels)
      const known = byLabels.get(key)
      if (known) known.points.push(...series.points)
      else byLabels.set(key, series)
    }
    whole.warnings.push(...part.warnings)
    whole.infos.push(...part.infos)
    whole.middle = part.middle
  }
  return { ...whole, series: [...byLabels.values()] }
}

interface Envelope {
  status?: string
  error?: string
  data?: { resultType?: string; result?: unknown }
  warnings?: string[]
  infos?: string[]
}

type RawPoint = [seconds: number, value: string]

interface RawSeries {
  metric: Record<string, string>
  value?: RawPoint
  values?: RawPoint[]
  histogram?: unknown
  histograms?: unknown
}

async function call(config: PrometheusConfig, path: string, parameters: Record<string, string>, context: SourceContext): Promise<Answered> {
  const url = `${(config.url ?? '').replace(/\/+$/, '')}/api/v1/${path}`
  const timeout = config.timeout ?? defaultTimeout
  const asked = wallMs()
  const answer = await askPatiently({
    ...{ url, method: 'POST', timeout, biggest, signal: context.signal },
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', ...(await headersOf(config, context)) },
    body: new URLSearchParams({ ...parameters, timeout: `${Math.ceil(timeout / 1000)}s` }).toString(),
  })
  if ('failed' in answer) throw new Error(answer.failed)
  const middle = (asked + wallMs()) / 2
  const { status, text } = answer
  const where = withoutQuery(url)
  if (status === 401 || status === 403)
    throw new Error(`${where} does not let us in (status ${status}): check user and password, token or headers`)
  const envelope = parse(text)
  if (status !== 200) throw new Error(`${where} answered with status ${status}${envelope?.error ? `: ${envelope.error}` : ''}`)
  if (envelope?.status !== 'success')
    throw new Error(`${where} did not answer as a Prometheus server does${envelope?.error ? `: ${envelope.error}` : ''}`)
  return { series: seriesOf(envelope.data ?? {}), warnings: envelope.warnings ?? [], infos: envelope.infos ?? [], middle }
}

function parse(text: string): Envelope | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? (value as Envelope) : null
  } catch {
    return null
  }
}

function seriesOf({ resultType, result }: NonNullable<Envelope['data']>): Series[] {
  if (resultType === 'scalar') return [{ labels: {}, points: [pointOf(result as RawPoint)], native: false }]
  if (resultType !== 'vector' && resultType !== 'matrix') return []
  return (result as RawSeries[]).map(({ metric, value, values, histogram, histograms }) => ({
    labels: metric,
    points: (values ?? (value ? [value] : [])).map(pointOf),
    native: histogram !== undefined || histograms !== undefined,
  }))
}

/** Values are text: `NaN`, `+Inf`, `-Inf` or a number. */
function pointOf([seconds, value]: RawPoint): { at: number; value: number } {
  const text = value.replace('Inf', 'Infinity')
  return { at: Math.round(seconds * 1000), value: Number(text) }
}
