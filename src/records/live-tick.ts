/** What the load generator says about one limit: each request is decided exactly once. */
export interface ThresholdCount {
  /** ms from the intended start. */
  limit: number
  /** Requests found to be later than `limit` in this tick, also those still in flight. */
  slow: number
  /** Requests decided in this tick: `slow` plus those that ended within the limit. */
  decided: number
}

/** What the load generator saw between two ticks, by the time it was *seen*, not by the intended start. Times in ms since the run's start. */
export interface LiveTick {
  at: number
  from: number
  planned: number
  /** ok + error + timeout. */
  ended: number
  ok: number
  error: number
  timeout: number
  notSent: number
  /** Open requests at `at`. */
  inFlight: number
  /** ms, 99th percentile of the generator's own start lag in this tick. */
  lagP99: number
  thresholds: ThresholdCount[]
}
