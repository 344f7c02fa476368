/**
 * Quantile of ascending values by linear interpolation at rank (n+1)p (Hyndman & Fan 1996, type 6), kept within the observed values.
 * @param sorted ascending; at least one value
 */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const n = sorted.length
  const rank = (n + 1) * p - 1
  if (rank <= 0) return sorted[0] as number
  if (rank >= n - 1) return sorted[n - 1] as number
  const below = Math.floor(rank)
  const left = sorted[below] as number
  return left + (rank - below) * ((sorted[below + 1] as number) - left)
}

export function median(values: ArrayLike<number>): number {
  return quantile(Float64Array.from(values).sort(), 0.5)
}
