/** Before the run: does the server answer, does the query give what is needed, how often, in which unit, and how late is its clock. */
import type { Check, SourceContext } from '../source.ts'
import { type Answered, queryNow, queryRaw, type Series } from './api.ts'
import { edgeOf } from './histogram.ts'
import { nativeWords } from './history.ts'
import { type Expression, readQuery, type Wanted } from './query.ts'
import { exactSelector, type Labels, type Selector, shownSeries } from './selector.ts'
import type { PrometheusConfig } from './settings.ts'
import { unitOfExpression, unitOfName } from './units.ts'

/** ms when nothing tells how often there are readings: what most servers are set to. */
const usualStep = 15_000
/** ms looked back to find out. */
const lookBack = 300_000
const seriesShown = 5

export async function checkQuery(config: PrometheusConfig, query: string, context: SourceContext): Promise<Check> {
  const wanted = readQuery(query)
  if ('problem' in wanted) return { step: usualStep, problems: [wanted.problem] }
  const clock = await queryNow(config, 'time()', context)
  const theirs = 1000 * (clock.series[0]?.points[0]?.value ?? Number.NaN)
  if (!Number.isFinite(theirs)) return { step: usualStep, problems: ['the server does not tell its time: is it a Prometheus?'] }
  const found = await checkWanted(config, wanted, { from: theirs - lookBack, to: theirs, step: 1000 }, context)
  return { ...found, skew: Math.round(theirs - clock.middle) }
}

interface Recent {
  from: number
  to: number
  step: number
}

async function checkWanted(config: PrometheusConfig, wanted: Wanted, recent: Recent, context: SourceContext): Promise<Check> {
  const raw = async (selector: Selector): Promise<Series[]> => (await queryRaw(config, selector, recent, context)).series
  if (wanted.is === 'series') {
    const series = await raw(wanted.selector)
    const now = series.filter(({ points, native }) => native || (points.at(-1)?.at ?? 0) > recent.to - 2.5 * stepOf(series))
    return {
      ...unitOfName(wanted.selector.name),
      step: stepOf(series),
      problems: oneSeries(now, wanted.selector.text, series.length > 0),
      notes: paceNotes(series),
    }
  }
  if (wanted.is === 'share') {
    const [bad, total] = [await raw(wanted.bad), await raw(wanted.total)]
    const notes =
      bad.length === 0 ? [`${wanted.bad.text} has no series so far: no bad events, as long as ${wanted.total.text} has some`] : []
    return { unit: 'share', step: stepOf(total), problems: someSeries(total, wanted.total.text), notes: [...notes, ...paceNotes(total)] }
  }
  if (wanted.is === 'quantile' && 'selector' in wanted.of) {
    const { selector } = wanted.of
    const series = await raw(selector)
    return {
      ...unitOfName(selector.name),
      step: stepOf(series),
      problems: [...someSeries(series, selector.text), ...bucketProblems(series)],
      notes: paceNotes(series),
    }
  }
  return checkExpression(config, wanted as { is: 'expression'; expression: Expression }, recent, context)
}

async function checkExpression(
  config: PrometheusConfig,
  wanted: { is: 'expression'; expression: Expression } | { is: 'quantile'; of: { expression: Expression } },
  recent: Recent,
  context: SourceContext,
): Promise<Check> {
  const isQuantile = wanted.is === 'quantile'
  const expression = isQuantile ? wanted.of.expression : wanted.expression
  const { text, selectors, ranges } = expression
  const answer = await queryNow(config, text, context)
  const step = await stepBehind(config, selectors, recent, context)
  const metrics = selectors.map(({ name }) => name)
  return {
    ...(isQuantile ? unitOfName(metrics[0] ?? '') : unitOfExpression(text, metrics)),
    step: step ?? usualStep,
    problems: [
      ...(isQuantile ? [...someSeries(answer.series, text), ...bucketProblems(answer.series)] : oneSeries(answer.series, text, false)),
      ...answer.warnings.map((warning) => `the answer is incomplete: ${warning}`),
      ...(step === null ? [] : rangeProblems(ranges, step)),
    ],
    notes: [...notesOn(answer, text, ranges, step)],
  }
}

function* notesOn({ series, infos }: Answered, text: string, ranges: readonly number[], step: number | null): Generator<string> {
  yield* infos
  if (series.some(({ points }) => points.some(({ value }) => Number.isNaN(value))))
    yield 'is NaN at the moment; as long as it is, the measure is missing'
  if (text.includes('histogram_quantile')) yield 'p99(…_bucket) instead of histogram_quantile lets Squall say how exact the quantile is'
  if (step === null) yield `nothing tells how often it is read; taken to be every ${usualStep / 1000} s`
  else if (ranges.some((range) => range < 4 * step && range >= 2 * step))
    yield `readings come every ${step / 1000} s: a range below ${(4 * step) / 1000} s is empty after few missed ones`
}

function rangeProblems(ranges: readonly number[], step: number): string[] {
  return [...new Set(ranges)]
    .filter((range) => range < 2 * step)
    .map(
      (range) =>
        `[${range / 1000}s] holds fewer than two readings, which come every ${step / 1000} s: use at least [${Math.ceil((4 * step) / 1000)}s]`,
    )
}

function oneSeries(series: readonly Series[], text: string, ended: boolean): string[] {
  if (series.length === 0) return [`${text} gives no series${ended ? ' any more: its last reading is too old' : ''}`]
  if (series.some(({ native }) => native)) return [nativeWords]
  return series.length === 1
    ? []
    : [`${text} gives ${series.length} series, exactly one is needed (sum them, or name more labels): ${listed(series)}`]
}

function someSeries(series: readonly Series[], text: string): string[] {
  return series.length === 0 ? [`${text} gives no series`] : []
}

/** A quantile needs buckets, with the same edges in all histograms. */
function bucketProblems(series: readonly Series[]): string[] {
  if (series.length === 0) return []
  if (series.some(({ native }) => native)) return [nativeWords]
  const strange = series.find(({ labels }) => edgeOf(labels.le) === null)
  if (strange) return [`${shown(strange.labels)} is no bucket: a quantile is taken of the …_bucket series, which have a label le`]
  const layouts = new Map<string, number[]>()
  for (const { labels } of series) {
    const { le, ...group } = labels
    const key = JSON.stringify(group)
    layouts.set(
      key,
      [...(layouts.get(key) ?? []), edgeOf(le) ?? Number.NaN].sort((a, b) => a - b),
    )
  }
  const different = new Set([...layouts.values()].map(String))
  if (different.size > 1) return ['its histograms have different edges, so they cannot be added up: name labels that leave one kind']
  return [...different].every((layout) => layout.endsWith('Infinity')) ? [] : ['the bucket le="+Inf" is not there']
}

function listed(series: readonly Series[]): string {
  const more = series.length - seriesShown
  return [...series.slice(0, seriesShown).map(({ labels }) => shown(labels)), ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

function shown({ __name__: name, ...labels }: Labels): string {
  return shownSeries(name ?? '', labels)
}

/** ms between readings, as most of them come. */
function stepOf(series: readonly Series[]): number {
  const gaps = series.flatMap(({ points }) => points.slice(1).map(({ at }, i) => at - (points[i]?.at ?? at))).sort((a, b) => a - b)
  return gaps.length === 0 ? usualStep : Math.max(1000, 100 * Math.round((gaps[Math.floor(gaps.length / 2)] as number) / 100))
}

function paceNotes(series: readonly Series[]): string[] {
  const unknown = series.length > 0 && series.every(({ points }) => points.length < 2)
  return unknown ? [`nothing tells yet how often it is read; taken to be every ${usualStep / 1000} s`] : []
}

/** The slowest of the metrics behind an expression, each looked at by one of its series; null when none has two readings. */
async function stepBehind(
  config: PrometheusConfig,
  selectors: readonly Selector[],
  recent: Recent,
  context: SourceContext,
): Promise<number | null> {
  const steps = await Promise.all(
    selectors.slice(0, 5).map(async ({ text }) => {
      const one = (await queryNow(config, `topk(1, ${text})`, context)).series[0]
      if (!one) return 0
      const { series } = await queryRaw(config, { text: exactSelector(one.labels) }, recent, context)
      return series.some(({ points }) => points.length > 1) ? stepOf(series) : 0
    }),
  )
  const slowest = Math.max(0, ...steps)
  return slowest > 0 ? slowest : null
}
