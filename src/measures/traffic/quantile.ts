/** Nearest-rank quantile of unsorted values (the smallest value with at least q of all at or below it); 0 of none. Sorts a copy. */
export function nearestRank(values: readonly number[], q: number): number {
  if (values.length === 0) return 0
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0
}
