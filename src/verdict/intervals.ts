/** A phase in about thirty equal intervals, long enough to hold the requests that a quantile needs. */
import { enoughMs, fewestIntervals, fewestRequests } from '../document/enough-data.ts'
import type { MeasureKind } from '../document/experiment.ts'
import type { TrafficSecond } from '../records/run-data.ts'
import { quantile } from './quantile.ts'
import { sum } from './share-interval.ts'
import { ended, present, type Stretch, sortedLatencies } from './stretch.ts'

const wantedIntervals = 30

/** Those intervals of `length` seconds that hold at least twenty requests in trusted seconds, in order of time. */
export function intervalsOf({ seconds }: Stretch, length: number): TrafficSecond[][] {
  const found: TrafficSecond[][] = []
  for (let start = 0; start + length <= seconds.length; start += length) {
    const interval = seconds.slice(start, start + length).filter((second) => second !== null)
    if (sum(interval.map(ended)) >= fewestRequests) found.push(interval)
  }
  return found
}

/** What one interval came to: the quantile of its request times, or good answers a second. */
export function intervalValue(interval: readonly TrafficSecond[], is: MeasureKind): number {
  if (is.kind === 'latency') return quantile(sortedLatencies(interval), is.quantile)
  return sum(interval.map(({ ok }) => ok)) / interval.length
}

/**
 * Seconds per interval for phases that are compared: quantiles of unlike sample sizes have unlike biases, so all use the same length.
 * Null: there is no length at which each phase has twelve intervals of twenty requests.
 */
export function intervalLength(stretches: readonly Stretch[]): number | null {
  const shortest = Math.min(...stretches.map(({ seconds }) => seconds.length))
  for (let length = Math.max(1, Math.round(shortest / wantedIntervals)); shortest / length >= fewestIntervals; length++) {
    if (stretches.every((stretch) => intervalsOf(stretch, length).length >= fewestIntervals)) return length
  }
  return null
}

/** Seconds of a phase that would hold enough data at the rate that was seen; at a rate of nothing: null. */
export function enoughSeconds(stretch: Stretch, plannedRate: number): number | null {
  const seconds = present(stretch)
  const rate = seconds.length > 0 ? sum(seconds.map(ended)) / seconds.length : plannedRate
  return rate > 0 ? enoughMs(rate) / 1000 : null
}
