/** One `abort` cell, watched tick by tick. */
import type { AbortBound, Measure } from '../document/experiment.ts'
import type { LiveTick } from '../records/live-tick.ts'
import type { Sample } from '../records/run-data.ts'
import { createECusum, type ECusum } from './e-cusum.ts'
import { allowedBy } from './limits.ts'
import { quantity, seconds } from './numbers.ts'
import { bucketQuantile, edgeBelow, quantileOf } from './readings.ts'

export interface Watch {
  readonly measure: Measure
  /** In the measure's unit; null: relative, and baseline is not known yet. */
  limit(): number | null
  /** The measure's value at baseline, for a relative limit; null: unknown, it cannot be guarded. */
  baseline(value: number | null): void
  /** Why to stop, with numbers; null: go on. `lasted` in ms. */
  tick(tick: LiveTick | null, sample: Sample | undefined, lasted: number): string | null
}

/** Bad events of all against an allowed share, or a value against the limit. Null: this tick says nothing. */
type Seen = { bad: number; total: number; allowed: number } | { value: number } | null

/** Bad readings in a row that count for a level without `for`; a number of things is taken literally. */
const levelReadings = 3
/** ms */
const tickSlack = 100

export function createWatch(measure: Measure, direction: 'max' | 'min', bound: AbortBound, faultTicks: number): Watch {
  let limit = bound.limit.kind === 'absolute' ? bound.limit.value : null
  let badMs = 0
  let badReadings = 0
  let cusum: ECusum | null = null

  function beyond(seen: NonNullable<Seen>, at: number): boolean {
    if ('value' in seen) return direction === 'max' ? seen.value > at : seen.value < at
    return seen.bad / seen.total > seen.allowed
  }

  return {
    measure,
    limit: () => limit,
    baseline(value) {
      if (bound.limit.kind !== 'absolute') limit = value === null ? null : allowedBy(bound.limit, value, direction)
    },
    tick(tick, sample, lasted) {
      const seen = limit === null ? null : seenBy(measure, direction, limit, tick, sample)
      if (!seen || limit === null) return null
      const bad = beyond(seen, limit)
      badMs = bad ? badMs + lasted : 0
      badReadings = bad ? badReadings + 1 : 0
      const words = describe(measure, direction, bound, limit, seen)
      if (bound.for !== undefined) {
        // Ticks come some ms early or late: `for 2s` is two bad ones in a row.
        return badMs >= bound.for - tickSlack ? `${words} for ${seconds(badMs)}` : null
      }
      if ('value' in seen) return badReadings >= (measure.unit === 'count' ? 1 : levelReadings) ? words : null
      cusum ??= createECusum(seen.allowed, faultTicks)
      return cusum.add(seen.bad, seen.total) && bad ? words : null
    },
  }
}

function seenBy(measure: Measure, direction: 'max' | 'min', limit: number, tick: LiveTick | null, sample: Sample | undefined): Seen {
  if (measure.from !== 'traffic') return sample ? readBy(measure, sample, direction, limit) : null
  if (!tick) return null
  if (measure.is.kind === 'latency') return countedBy(tick, limit, measure.is.quantile)
  if (measure.is.kind === 'share') return tick.ended > 0 ? { bad: tick.error + tick.timeout, total: tick.ended, allowed: limit } : null
  return measure.is.kind === 'level' ? { value: (1000 * tick.ok) / Math.max(1, tick.at - tick.from) } : null
}

function readBy(measure: Measure, sample: Sample, direction: 'max' | 'min', limit: number): Seen {
  if ('value' in sample) return Number.isFinite(sample.value) ? { value: sample.value } : null
  if ('buckets' in sample) {
    const p = quantileOf(measure)
    if (p === undefined) return null
    // Beyond the last edge nobody knows how far, but it may be far enough.
    const least = edgeBelow(sample.buckets, p)
    if (least !== null) return direction === 'max' && least >= limit ? { value: Math.max(least, limit * (1 + 1e-12)) } : null
    const found = bucketQuantile(sample.buckets, p)
    return found && { value: found.value }
  }
  if (!('total' in sample) || !(sample.total > 0)) return null
  return direction === 'max' ? { bad: sample.bad, total: sample.total, allowed: limit } : { value: sample.bad / sample.total }
}

function countedBy(tick: LiveTick, limit: number, quantile: number): Seen {
  const counted = tick.thresholds.find((threshold) => threshold.limit === limit)
  if (!counted || counted.decided === 0) return null
  return { bad: counted.slow, total: counted.decided, allowed: Number((1 - quantile).toPrecision(12)) }
}

function describe(measure: Measure, direction: 'max' | 'min', bound: AbortBound, limit: number, seen: NonNullable<Seen>): string {
  const at = `the run is stopped at ${bound.text}`
  if ('value' in seen)
    return `${measure.name} is ${quantity(seen.value, measure.unit)}, ${direction === 'max' ? 'above' : 'below'} ${quantity(limit, measure.unit)} (${at})`
  const share = quantity(seen.bad / seen.total, 'share')
  if (measure.is.kind === 'latency' && measure.from === 'traffic') {
    return `${measure.name}: ${share} of requests are later than ${quantity(limit, 'ms')}, allowed ${quantity(seen.allowed, 'share')} (${at})`
  }
  return `${measure.name} is ${share}, allowed ${quantity(seen.allowed, 'share')} (${at})`
}
