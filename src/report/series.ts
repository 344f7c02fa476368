/** A run's data as lines over time. What was not measured is null, never 0. */
import type { Measure } from '../document/experiment.ts'
import type { RunData, Sample, TrafficSecond } from '../records/run-data.ts'
import { quantile } from '../verdict/quantile.ts'
import { bucketQuantile, quantileOf } from '../verdict/readings.ts'
import { trusted } from '../verdict/stretch.ts'

/** Points a line has at most; beyond that several seconds become one. */
const pointLimit = 900
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600]

/** All lists are equally long; point n stands for [x[n], x[n] + step) s since the run's start. */
export interface TrafficSeries {
  /** s */
  step: number
  x: number[]
  p50: (number | null)[]
  p95: (number | null)[]
  p99: (number | null)[]
  /** Share of error and timeout among the requests that ended. */
  errors: (number | null)[]
  /** Good answers per second. */
  goodput: (number | null)[]
}

/** Quantiles as the judge takes them, over all requests meant to start in the step. A second without trust, or without record, is missing. */
export function trafficSeries(seconds: readonly TrafficSecond[]): TrafficSeries {
  const length = seconds.reduce((most, { t }) => Math.max(most, t + 1), 0)
  const step = steps.find((each) => length / each <= pointLimit) ?? Math.ceil(length / pointLimit)
  const groups: TrafficSecond[][] = Array.from({ length: Math.ceil(length / step) }, () => [])
  for (const second of seconds) groups[Math.floor(second.t / step)]?.push(second)
  const series: TrafficSeries = { step, x: groups.map((_, n) => n * step), p50: [], p95: [], p99: [], errors: [], goodput: [] }
  for (const group of groups) {
    // How requests ended can be known in a second whose times cannot be trusted, as the judge has it.
    const timed = group.filter((second) => trusted(second, 'times'))
    const counted = group.filter((second) => trusted(second, 'counts'))
    const latencies = timed.flatMap((second) => second.latencies).sort((a, b) => a - b)
    const rank = (p: number): number | null => (latencies.length === 0 ? null : quantile(latencies, p))
    const sum = (pick: (second: TrafficSecond) => number): number => counted.reduce((total, second) => total + pick(second), 0)
    const bad = sum((second) => second.error + second.timeout)
    const ended = bad + sum((second) => second.ok)
    series.p50.push(rank(0.5))
    series.p95.push(rank(0.95))
    series.p99.push(rank(0.99))
    series.errors.push(ended === 0 ? null : bad / ended)
    // Before the load begins nothing was asked for: no good answer then is no outage.
    series.goodput.push(sum((second) => second.planned) === 0 ? null : sum((second) => second.ok) / counted.length)
  }
  return series
}

export interface Line {
  /** s since the run's start. */
  x: number[]
  values: (number | null)[]
  /** Why values are missing, with counts. */
  missing: Map<string, number>
}

/** The readings of one source measure. A long line is thinned to its smallest and largest value of each stretch. */
export function sourceLine(data: RunData, measure: Measure): Line {
  const missing = new Map<string, number>()
  const points = (data.samples[measure.name] ?? []).map((sample): [number, number | null] => {
    if ('missing' in sample) missing.set(sample.missing, (missing.get(sample.missing) ?? 0) + 1)
    return [sample.at / 1000, sampleValue(sample, measure)]
  })
  const kept = thin(points.sort(([a], [b]) => a - b))
  return { x: kept.map(([x]) => x), values: kept.map(([, value]) => value), missing }
}

/** One reading as a number; null: it has none. */
export function sampleValue(sample: Sample, measure: Measure): number | null {
  if ('value' in sample) return Number.isFinite(sample.value) ? sample.value : null
  if ('bad' in sample) return sample.total > 0 ? sample.bad / sample.total : null
  const p = quantileOf(measure)
  return 'buckets' in sample && p !== undefined ? (bucketQuantile(sample.buckets, p)?.value ?? null) : null
}

function thin(points: [number, number | null][]): [number, number | null][] {
  const stretch = Math.ceil((2 * points.length) / pointLimit)
  if (stretch <= 2) return points
  const kept: [number, number | null][] = []
  for (let from = 0; from < points.length; from += stretch) {
    const part = points.slice(from, from + stretch)
    const known = part.filter((point): point is [number, number] => point[1] !== null).sort((a, b) => a[1] - b[1])
    const ends = [known[0], known.at(-1), part.find(([, value]) => value === null)].filter((point) => point !== undefined)
    kept.push(...[...new Set(ends)].sort(([a], [b]) => a - b))
  }
  return kept
}
