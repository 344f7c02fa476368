import { tQuantile } from './distributions.ts'
import type { Shift } from './rank-interval.ts'
import { lagCorrelation } from './rank-interval.ts'
import { sum } from './share-interval.ts'

/** Interval for the mean of a series whose points are correlated: t interval with the same inflation as the rank interval. Constant: no width. */
export function meanInterval(values: readonly number[], alphaLo: number, alphaHi: number): Shift {
  const n = values.length
  const mean = sum(values) / n
  const r = Math.min(0.85, lagCorrelation([values]))
  const inflation = (1 + r) / (1 - r)
  const df = Math.max(2, n / inflation - 1)
  const variance = sum(values.map((value) => (value - mean) ** 2)) / Math.max(1, n - 1)
  const error = Math.sqrt((variance * inflation) / n)
  return { estimate: mean, lo: mean - tQuantile(1 - alphaLo, df) * error, hi: mean + tQuantile(1 - alphaHi, df) * error, inflation, df }
}
