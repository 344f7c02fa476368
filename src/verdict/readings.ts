/** Readings of a source within a phase: values, events or buckets. Missing stays missing. */
import type { JudgedPhase, Measure } from '../document/experiment.ts'
import type { Sample } from '../records/run-data.ts'
import { median } from './quantile.ts'
import type { Counts } from './share-interval.ts'
import { type Material, windowOf } from './stretch.ts'

/** `low` and `high`: the edges of the bucket that it fell into; it may be anything between them. */
export interface ReadValue {
  at: number
  value: number
  low?: number
  high?: number
}

export interface Readings {
  /** ms since the run's start. */
  from: number
  to: number
  values: ReadValue[]
  /** Quantiles beyond the last finite edge of the buckets: at least that edge, and no value. */
  beyond: ReadValue[]
  /** For sources that count events. */
  counts: Counts | null
  missing: number
  /** Width of the bucket that the quantile fell into, the widest of all readings. */
  resolution?: number
}

export function readingsOf(material: Material, measure: Measure, phase: JudgedPhase, after = 0): Readings | undefined {
  const window = windowOf(material, phase)
  if (!window) return undefined
  const all = material.data.samples[measure.name] ?? []
  const from = window.from + after
  const inside = all.filter(({ at, over }) => (over === undefined ? at >= from && at < window.to : at - over >= from && at <= window.to))
  const events = inside.filter((sample) => 'total' in sample).filter(({ bad, total }) => Number.isFinite(bad) && total > 0)
  const p = quantileOf(measure)
  const buckets = inside.flatMap((sample) =>
    'buckets' in sample && p !== undefined
      ? [{ at: sample.at, found: bucketQuantile(sample.buckets, p), edge: edgeBelow(sample.buckets, p) }]
      : [],
  )
  const values: ReadValue[] = [
    ...inside.flatMap((sample) => ('value' in sample && Number.isFinite(sample.value) ? [{ at: sample.at, value: sample.value }] : [])),
    ...events.map(({ at, bad, total }) => ({ at, value: bad / total })),
    ...buckets.flatMap(({ at, found }) => (found ? [{ at, ...found }] : [])),
  ].sort((a, b) => a.at - b.at)
  const widths = buckets.flatMap(({ found }) => (found ? [found.high - found.low] : []))
  return {
    from,
    to: window.to,
    values,
    beyond: buckets.flatMap(({ at, edge }) => (edge === null ? [] : [{ at, value: edge, low: edge, high: Number.POSITIVE_INFINITY }])),
    counts:
      events.length > 0 && events.length === values.length
        ? { bad: events.map(({ bad }) => bad), total: events.map(({ total }) => total) }
        : null,
    missing: missingShare(all, inside, values.length, window.to - from),
    ...(widths.length > 0 && { resolution: Math.max(...widths) }),
  }
}

/**
 * Of the readings that this stretch should have had at the source's own pace. One may fall over the edge; of those that sum up a time,
 * what reaches back beyond the stretch is no part of it.
 */
function missingShare(all: readonly Sample[], inside: readonly Sample[], good: number, whole: number): number {
  const overs = all.flatMap(({ over }) => over ?? [])
  const length = whole - (overs.length > 0 ? median(overs) : 0)
  const gaps = all
    .slice(1)
    .map(({ at }, i) => at - (all[i]?.at ?? at))
    .filter((gap) => gap > 0)
  const step = gaps.length > 0 ? median(gaps) : 1000
  const wanted = Math.max(inside.length, Math.floor(length / step) - 1)
  return wanted <= 0 ? 1 : Math.max(0, wanted - good) / wanted
}

/** All that was read, in order; what lies beyond the last bucket as infinite: for questions of when something began to hold. */
export function allRead({ values, beyond }: Readings): ReadValue[] {
  return [...values, ...beyond.map((each) => ({ ...each, value: Number.POSITIVE_INFINITY }))].sort((a, b) => a.at - b.at)
}

/** Undefined: nobody said which, and buckets alone are no value. */
export function quantileOf({ is, quantile }: Measure): number | undefined {
  return quantile ?? (is.kind === 'latency' ? is.quantile : undefined)
}

/** Linear within the bucket, cumulative counts by upper edge as Prometheus has them. Null without events, or beyond the last finite edge. */
export function bucketQuantile(
  buckets: readonly [le: number, count: number][],
  p: number,
): { value: number; low: number; high: number } | null {
  const bucket = bucketOf(buckets, p)
  if (!bucket || !Number.isFinite(bucket.high)) return null
  const { low, high, before, count, wanted } = bucket
  const share = count > before ? (wanted - before) / (count - before) : 1
  return { value: low + (high - low) * share, low, high }
}

/** The last finite edge, when the quantile lies beyond it: all that is known is that it is larger. Else null. */
export function edgeBelow(buckets: readonly [le: number, count: number][], p: number): number | null {
  const bucket = bucketOf(buckets, p)
  return bucket && bucket.high === Number.POSITIVE_INFINITY && Number.isFinite(bucket.low) ? bucket.low : null
}

/** The bucket that the quantile falls into; null without events. */
function bucketOf(
  buckets: readonly [le: number, count: number][],
  p: number,
): { low: number; high: number; before: number; count: number; wanted: number } | null {
  const sorted = [...buckets].sort(([a], [b]) => a - b)
  const total = sorted.at(-1)?.[1] ?? 0
  if (!(total > 0)) return null
  const wanted = p * total
  const at = sorted.findIndex(([, count]) => count >= wanted)
  const [high, count] = sorted[at] ?? [Number.POSITIVE_INFINITY, total]
  const [low, before] = sorted[at - 1] ?? [0, 0]
  return { low, high, before, count, wanted }
}
