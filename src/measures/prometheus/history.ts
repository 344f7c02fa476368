/** What Prometheus remembers of a measure, as samples. A gap, NaN, a reset, several series at once: missing, with the reason. */
import type { Sample } from '../../records/run-data.ts'
import type { SourceContext, Window } from '../source.ts'
import { type Answered, queryRaw, querySteps, type Series } from './api.ts'
import { type Counter, type Increase, increases } from './counters.ts'
import { bucketSample } from './histogram.ts'
import { type Expression, readQuery, type Wanted } from './query.ts'
import type { Selector } from './selector.ts'
import type { PrometheusConfig } from './settings.ts'

/** @throws Error with the reason when nothing could be learnt */
export async function historyOf(
  config: PrometheusConfig,
  query: string,
  { from, to }: Window,
  step: number,
  context: SourceContext,
): Promise<Sample[]> {
  const wanted = readQuery(query)
  if ('problem' in wanted) throw new Error(wanted.problem)
  const warnings: string[] = []
  const told = (answer: Answered): Series[] => {
    warnings.push(...answer.warnings)
    return answer.series
  }
  // Counters are compared with their last reading before the window, and one may be missing.
  const early = Math.floor(from / step) * step - 3 * step
  const raw = async (selector: Selector): Promise<Series[]> => told(await queryRaw(config, selector, { from: early, to, step }, context))
  const grid = { from: Math.ceil(from / step) * step, to, step }
  const steps = async ({ text }: Pick<Expression, 'text'>): Promise<Series[]> => told(await querySteps(config, text, grid, context))

  const samples = await samplesOf(wanted)
  const [warning] = warnings
  return samples
    .filter(({ at }) => at >= from && at < to)
    .map((sample) => (warning === undefined ? sample : { at: sample.at, missing: `the answer is incomplete: ${warning}` }))

  async function samplesOf(wanted: Wanted): Promise<Sample[]> {
    if (wanted.is === 'series') return stored(await raw(wanted.selector), early, to, step)
    if (wanted.is === 'expression') {
      const stale = await staleTimes(wanted.expression)
      return renewed(stepped(await steps(wanted.expression), from, to, step, wanted.expression), stale)
    }
    if (wanted.is === 'share') {
      const total = (await raw(wanted.total)).map(counterOf)
      const bad = (await raw(wanted.bad)).map(counterOf)
      return increases([...total, ...bad], step, to).map((increase) => shareSample(increase, new Set(bad), new Set(total)))
    }
    if ('selector' in wanted.of) {
      const labelsOf = new Map((await raw(wanted.of.selector)).map((series) => [counterOf(series), series.labels]))
      return increases([...labelsOf.keys()], step, to).map(({ at, over, by, missing }) =>
        missing === undefined
          ? bucketSample(
              at,
              over,
              [...by].map(([counter, count]) => ({ labels: labelsOf.get(counter) ?? {}, count })),
            )
          : { at, missing },
      )
    }
    const { expression } = wanted.of
    const series = await steps(expression)
    const samples = onGrid(from, to, step).map((at) => {
      const there = series.flatMap(({ labels, points }) =>
        points.filter((point) => point.at === at).map(({ value }) => ({ labels, count: value })),
      )
      return there.length > 0 ? bucketSample(at, expression.reach, there) : { at, missing: nothing }
    })
    return renewed(samples, await staleTimes(expression))
  }

  /** Prometheus takes a last value for present for five minutes; here a series that missed two scrapes is stale. */
  async function staleTimes({ selectors }: Expression): Promise<Set<number>> {
    const counts = await Promise.all(selectors.filter(({ instant }) => instant).map(({ text }) => steps({ text: staleCount(text, step) })))
    return new Set(counts.flat().flatMap(({ points }) => points.filter(({ value }) => value > 0).map(({ at }) => at)))
  }
}

/** How many of the series that a selector gives have no reading in the last two and a half steps. */
function staleCount(selector: string, step: number): string {
  return `count(${selector}) - (count(count_over_time(${selector}[${Math.round(2.5 * step)}ms])) or vector(0))`
}

function renewed(samples: readonly Sample[], stale: ReadonlySet<number>): Sample[] {
  return samples.map((sample) => (stale.has(sample.at) ? { at: sample.at, missing: 'a series behind it has no reading any more' } : sample))
}

export function counterOf({ labels, points }: Series): Counter {
  return { target: labels.instance === undefined ? '' : `${labels.job ?? ''} ${labels.instance}`, readings: points }
}

function shareSample({ at, over, by, missing }: Increase, bad: ReadonlySet<Counter>, total: ReadonlySet<Counter>): Sample {
  const sum = (of: ReadonlySet<Counter>): number => [...by].reduce((all, [counter, count]) => (of.has(counter) ? all + count : all), 0)
  if (missing !== undefined) return { at, missing }
  const counts = { bad: sum(bad), total: sum(total) }
  if (counts.total === 0) return { at, over, missing: 'no events in this time' }
  if (counts.bad > counts.total) return { at, over, missing: 'more bad events than events: is the first counter part of the second?' }
  return { at, over, ...counts }
}

/** Samples as they were stored, of whichever single series there was at the time. */
function stored(series: readonly Series[], from: number, to: number, step: number): Sample[] {
  const points = series.flatMap((one) => one.points.map((point) => ({ ...point, one }))).sort((a, b) => a.at - b.at)
  const samples: Sample[] = []
  let last = from
  const fill = (until: number): void => {
    for (let at = last + step; until - at > step / 2; at += step) samples.push({ at, missing: 'no reading here' })
  }
  for (const [i, { at, value, one }] of points.entries()) {
    fill(at)
    const crowded = [points[i - 1], points[i + 1]].some((other) => other && Math.abs(other.at - at) < step / 2)
    samples.push({ at, ...(crowded ? { missing: 'several series at once' } : finite(value, one)) })
    last = at
  }
  fill(to)
  return samples
}

function stepped(series: readonly Series[], from: number, to: number, step: number, { reach }: Expression): Sample[] {
  const byTime = new Map<number, { value: number; one: Series }[]>()
  for (const one of series) for (const { at, value } of one.points) byTime.set(at, [...(byTime.get(at) ?? []), { value, one }])
  return onGrid(from, to, step).map((at) => {
    const [first, ...more] = byTime.get(at) ?? []
    if (!first) return { at, missing: series.some(({ native }) => native) ? nativeWords : nothing }
    if (more.length > 0) return { at, missing: `${more.length + 1} series at once` }
    return { at, ...(reach > 0 && { over: reach }), ...finite(first.value, first.one) }
  })
}

const nothing = 'the query gives nothing here'
export const nativeWords = 'a native histogram is no single number: use histogram_quantile(0.99, …)'

function finite(value: number, { native }: Series): { value: number } | { missing: string } {
  if (native) return { missing: nativeWords }
  if (Number.isFinite(value)) return { value }
  return { missing: Number.isNaN(value) ? 'is NaN: 0/0, or nothing was counted' : 'is infinite' }
}

function onGrid(from: number, to: number, step: number): number[] {
  const times: number[] = []
  for (let at = Math.ceil(from / step) * step; at < to; at += step) times.push(at)
  return times
}
