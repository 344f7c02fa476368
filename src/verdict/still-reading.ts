/** A p99 that a service reports about itself has an unknown window, often “since my start”: then a fault cannot move it. */

/** Fewer readings say nothing. */
const enough = 10
const still = 0.001

/**
 * A sentence when a self-reported quantile hardly moved over the baseline (its range below 0.1 % of its size), or null.
 * `values`: the readings of one measure in order, missing ones left out.
 */
export function stillReading(values: readonly number[]): string | null {
  if (values.length < enough) return null
  const low = values.reduce((a, b) => Math.min(a, b))
  const high = values.reduce((a, b) => Math.max(a, b))
  const size = Math.max(Math.abs(low), Math.abs(high))
  // A constant zero is what a healthy error rate looks like.
  if (size === 0 || high - low >= still * size) return null
  return `moved by less than 0.1 % over ${values.length} readings: a value since the service's start cannot show a fault`
}
