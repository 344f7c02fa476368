/** Readings of a source within a phase: values, events or buckets. Missing stays missing. */
import type { JudgedPhase, Measure } from '../document/experiment.ts'
import type { Sample } from '../records/run-data.ts'
import { median } from './quantile.ts'
import type { Counts } from './share-interval.ts'
import { type Material, windowOf } from './stretch.ts'

export interface Readings {
  /** ms since the run's start. */
  from: number
  to: number
  values: { at: number; value: number }[]
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
  const inside = all.filter(({ at }) => at >= from && at < window.to)
  const events = inside.filter((sample) => 'total' in sample).filter(({ bad, total }) => Number.isFinite(bad) && total > 0)
  const buckets = inside.flatMap((sample) =>
    'buckets' in sample ? [{ at: sample.at, found: bucketQuantile(sample.buckets, quantileOf(measure)) }] : [],
  )
  const values = [
    ...inside.flatMap((sample) => ('value' in sample && Number.isFinite(sample.value) ? [{ at: sample.at, value: sample.value }] : [])),
    ...events.map(({ at, bad, total }) => ({ at, value: bad / total })),
    ...buckets.flatMap(({ at, found }) => (found ? [{ at, value: found.value }] : [])),
  ].sort((a, b) => a.at - b.at)
  const widths = buckets.flatMap(({ found }) => (found ? [found.width] : []))
  return {
    from,
    to: window.to,
    values,
    counts:
      events.length > 0 && events.length === values.length
        ? { bad: events.map(({ bad }) => bad), total: events.map(({ total }) => total) }
        : null,
    missing: missingShare(all, inside, values.length, window.to - from),
    ...(widths.length > 0 && { resolution: Math.max(...widths) }),
  }
}

/** Of the readings that this stretch should have had at the source's own pace. One may fall over the edge. */
function missingShare(all: readonly Sample[], inside: readonly Sample[], good: number, length: number): number {
  const gaps = all
    .slice(1)
    .map(({ at }, i) => at - (all[i]?.at ?? at))
    .filter((gap) => gap > 0)
  const step = gaps.length > 0 ? median(gaps) : 1000
  const wanted = Math.max(inside.length, Math.floor(length / step) - 1)
  return wanted <= 0 ? 1 : Math.max(0, wanted - good) / wanted
}

function quantileOf({ is }: Measure): number {
  return is.kind === 'latency' ? is.quantile : 0.5
}

/** Linear within the bucket, cumulative counts by upper edge as Prometheus has them. Null without events, or beyond the last finite edge. */
export function bucketQuantile(buckets: readonly [le: number, count: number][], p: number): { value: number; width: number } | null {
  const sorted = [...buckets].sort(([a], [b]) => a - b)
  const total = sorted.at(-1)?.[1] ?? 0
  if (!(total > 0)) return null
  const at = sorted.findIndex(([, count]) => count >= p * total)
  const [edge, count] = sorted[at] ?? [Number.POSITIVE_INFINITY, total]
  const [below, before] = sorted[at - 1] ?? [0, 0]
  if (!Number.isFinite(edge)) return null
  const share = count > before ? (p * total - before) / (count - before) : 1
  return { value: below + (edge - below) * share, width: edge - below }
}
