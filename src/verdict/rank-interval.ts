/** Did a series move? The Hodges-Lehmann shift with a rank interval widened for autocorrelation (Lehmann 1975; batch-means reasoning of Schmeiser 1982). */
import { tQuantile } from './distributions.ts'
import { quantile } from './quantile.ts'

export interface Shift {
  /** Median of all differences later − earlier. */
  estimate: number
  /** −Infinity or Infinity: too few independent points for an end. */
  lo: number
  hi: number
  /** Variance inflation from autocorrelation. */
  inflation: number
  df: number
}

/** Upper limit of the autocorrelation that is believed: beyond it a short series cannot tell correlation from drift. */
const maxCorrelation = 0.85

/**
 * The shift from `before` to `after` (same unit; logs for a ratio). `alphaLo` and `alphaHi` are the one-sided error rates of the two ends.
 * r = lag-1 correlation of within-series mid-ranks, pooled, bias-corrected by r + b(1 + 3r) with b = 2/(n+m); inflation (1+r)/(1−r);
 * rank = nm/2 − 1/2 − t·√(nm(n+m+1)/12 · inflation).
 */
export function shiftInterval(before: readonly number[], after: readonly number[], alphaLo: number, alphaHi: number): Shift {
  const n = before.length
  const m = after.length
  const r = Math.min(maxCorrelation, lagCorrelation([before, after]))
  const inflation = (1 + r) / (1 - r)
  const df = Math.max(2, (n + m) / inflation - 2)
  const differences = new Float64Array(n * m)
  let k = 0
  for (const later of after) for (const earlier of before) differences[k++] = later - earlier
  differences.sort()
  const spread = Math.sqrt(((n * m * (n + m + 1)) / 12) * inflation)
  const rank = (alpha: number): number => Math.floor((n * m) / 2 - 0.5 - tQuantile(1 - alpha, df) * spread)
  const low = rank(alphaLo)
  const high = rank(alphaHi)
  return {
    estimate: quantile(differences, 0.5),
    lo: low < 0 ? Number.NEGATIVE_INFINITY : (differences[low] as number),
    hi: high < 0 ? Number.POSITIVE_INFINITY : (differences[n * m - 1 - high] as number),
    inflation,
    df,
  }
}

/** Lag-1 autocorrelation of mid-ranks within each series, pooled and corrected for its small-sample bias; never negative, 0 for constant series. */
export function lagCorrelation(series: readonly (readonly number[])[]): number {
  let own = 0
  let lagged = 0
  let length = 0
  for (const values of series) {
    const ranks = centredMidRanks(values)
    length += values.length
    for (let i = 0; i < ranks.length; i++) {
      own += (ranks[i] as number) ** 2
      if (i > 0) lagged += (ranks[i] as number) * (ranks[i - 1] as number)
    }
  }
  if (own === 0) return 0
  const r = lagged / own
  const bias = 2 / length
  return Math.max(0, r + bias * (1 + 3 * Math.max(0, r)))
}

/** Ties share their middle rank: in the order of their places they would look like a trend. */
function centredMidRanks(values: readonly number[]): Float64Array {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number))
  const ranks = new Float64Array(values.length)
  const middle = (values.length - 1) / 2
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end++
    for (let i = start; i < end; i++) ranks[order[i] as number] = (start + end - 1) / 2 - middle
    start = end
  }
  return ranks
}
