/** What a second load is told, and what it says of itself. The list of faults loads this, so it loads nothing. */

export interface LoadTask {
  url: string
  /** What the name in it means: resolved once, at plan. */
  address: string
  method: string
  headers: Record<string, string>
  body: string | null
  /** Per second. */
  rate: number
  /** ms. */
  timeout: number
  /** Requests in all; then it sends no more. */
  most: number
  maxOpen: number
  runId: string
  seed: number
}

/** What it says of itself, in its last whole second and in all. */
export interface LoadStatus {
  sent: number
  ok: number
  /** Answers that are none of 2xx and 3xx, and calls without an answer. */
  bad: number
  timeout: number
  /** Not sent because of a limit of its own. */
  notSent: number
  /** Requests per second that were sent in the last whole second. */
  rate: number
  /** Most frequent reason of those that were not answered well. */
  reason: string
}

/** What the name of the counters' file begins with, in /proc/PID/fd. */
export const statusPrefix = 'squall-load-'
