/** How much traffic a phase must hold before the judge can say anything (requirement A6, `verdict-and-metrics.md` §2). */

/** A phase is judged by its intervals: this many at least, each of whole seconds. */
export const fewestIntervals = 12
/** Requests in each of them. */
export const fewestRequests = 20

/** ms of a phase that hold enough at so many requests per second: one second more than the intervals, because a phase begins within one. */
export function enoughMs(rate: number): number {
  return 1000 * (1 + fewestIntervals * Math.ceil(fewestRequests / rate))
}
