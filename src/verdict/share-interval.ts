/** Intervals for shares of events that come in bursts: Wilson (1927) with a design effect, differences by MOVER (Newcombe 1998; Zou & Donner 2008). */
import { normalQuantile, tQuantile } from './distributions.ts'

/** Bad events of all events, second by second (or reading by reading), in order of time. */
export interface Counts {
  bad: readonly number[]
  total: readonly number[]
}

export interface Share {
  p: number
  n: number
  /** How many times the variance of independent events; 1 when nothing went wrong, or everything. */
  deff: number
}

export interface Interval {
  estimate: number
  lo: number
  hi: number
  deff: number
  /** null: normal quantile. */
  df: number | null
}

const batches = 12

export function shareOf({ bad, total }: Counts): Share {
  const n = sum(total)
  const k = sum(bad)
  if (n === 0) return { p: 0, n: 0, deff: 1 }
  const p = k / n
  if (k === 0 || k === n) return { p, n, deff: 1 }
  const excess = new Float64Array(batches)
  for (let i = 0; i < bad.length; i++) {
    const batch = Math.floor((i * batches) / bad.length)
    excess[batch] = (excess[batch] as number) + (bad[i] as number) - p * (total[i] as number)
  }
  let squares = 0
  for (const e of excess) squares += e * e
  return { p, n, deff: Math.max(1, ((batches / (batches - 1)) * squares) / (n * p * (1 - p))) }
}

/** Wilson's interval for one share; `deff` divides the sample size. Ends with one-sided error rates `alphaLo`, `alphaHi`. */
export function shareInterval(share: Share, alphaLo: number, alphaHi: number, deff = share.deff): Interval {
  const [lo] = wilson(share, deff, critical(deff, alphaLo))
  const [, hi] = wilson(share, deff, critical(deff, alphaHi))
  return { estimate: share.p, lo, hi, deff, df: deff > 1 ? batches - 1 : null }
}

/** Interval for `after` − `before`, both with the larger design effect of the two. */
export function differenceInterval(before: Share, after: Share, alphaLo: number, alphaHi: number): Interval {
  const deff = Math.max(before.deff, after.deff)
  const d = after.p - before.p
  const end = (alpha: number): [number, number] => {
    const z = critical(deff, alpha)
    const [bLo, bHi] = wilson(before, deff, z)
    const [aLo, aHi] = wilson(after, deff, z)
    return [d - Math.hypot(after.p - aLo, bHi - before.p), d + Math.hypot(aHi - after.p, before.p - bLo)]
  }
  return { estimate: d, lo: end(alphaLo)[0], hi: end(alphaHi)[1], deff, df: deff > 1 ? batches - 1 : null }
}

function critical(deff: number, alpha: number): number {
  return deff > 1 ? tQuantile(1 - alpha, batches - 1) : normalQuantile(1 - alpha)
}

function wilson({ p, n: events }: Share, deff: number, z: number): [number, number] {
  const n = events / deff
  if (n === 0) return [0, 1]
  const z2 = z * z
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n)
  const half = (z / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n))
  // At p = 0 and p = 1 the end is exact; rounding must not push it to the other side.
  return [p === 0 ? 0 : Math.max(0, centre - half), p === 1 ? 1 : Math.min(1, centre + half)]
}

export function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}
