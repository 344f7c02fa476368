/** What an interval will be able to say, before there is one: the change it finds, the bound it proves (research: 80 % power, formulas of the same intervals). */
import { normalQuantile, tQuantile } from './distributions.ts'
import { differenceInterval, type Share } from './share-interval.ts'

/** Share of runs in which what is promised comes true. */
export const promisedPower = 0.8

/** How a series wobbles while nothing is wrong. */
export interface Noise {
  /** Standard deviation, of logarithms where the comparison is a ratio. */
  spread: number
  /** Lag-1 autocorrelation, 0…1. */
  correlation: number
}

/** Half-widths with room for 80 % power, on the scale of the noise: beyond the limit for a breach, from no change for a proof. May be infinite. */
export interface Reach {
  /** Asked for when it is wanted: for shares it takes a search. */
  finds(): number
  proves: number
}

/** The rank interval of `n` against `m` points: half-width t · 1.02 · s · √(VIF (1/n + 1/m)), 1.02 being what ranks cost against means. */
export function reachOfSeries({ spread, correlation }: Noise, [n, m]: [number, number], alpha: { breached: number; held: number }): Reach {
  const inflation = (1 + correlation) / (1 - correlation)
  const df = Math.max(2, (n + m) / inflation - 2)
  const error = 1.02 * spread * Math.sqrt(inflation * (1 / n + 1 / m))
  const ranks = Math.sqrt(((n * m * (n + m + 1)) / 12) * inflation)
  const reach = (tail: number): number => {
    const t = tQuantile(1 - tail, df)
    // So few independent points that the interval has no end.
    if ((n * m) / 2 - 0.5 - t * ranks < 0) return Number.POSITIVE_INFINITY
    return (t + normalQuantile(promisedPower)) * error
  }
  return { finds: () => reach(alpha.breached), proves: reach(alpha.held) }
}

/** For shares of `[before, after]` events at the share and design effect of baseline; `finds` is beyond `margin`, up to a share of 1. */
export function reachOfShares(
  { p, deff }: Share,
  [before, after]: [number, number],
  margin: number,
  alpha: { breached: number; held: number },
): Reach {
  const z = normalQuantile(promisedPower)
  const side = (at: number, n: number): Share => ({ p: at, n, deff })
  const error = (at: number): number => Math.sqrt(((p * (1 - p)) / before + (at * (1 - at)) / after) * deff)
  const isFound = (at: number): boolean =>
    differenceInterval(side(p, before), side(at, after), alpha.breached, alpha.held).lo - z * error(at) > margin
  const same = differenceInterval(side(p, before), side(p, after), alpha.breached, alpha.held)
  return { finds: () => smallest(isFound, p) - p - margin, proves: same.hi + z * error(p) }
}

/** The smallest share from `low` to 1 that is found, by bisection; Infinity: none. */
function smallest(isFound: (at: number) => boolean, low: number): number {
  if (!isFound(1)) return Number.POSITIVE_INFINITY
  let high = 1
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2
    if (isFound(middle)) high = middle
    else low = middle
  }
  return high
}
