/** A circuit breaker: after some failures in a row it says no at once, and lets one call through now and then to see whether it works again. */
export interface Breaker {
  closed(): boolean
  /** The result of `work`; false when it threw, or when the breaker is open and `work` was not tried. */
  run(work: () => Promise<boolean>): Promise<boolean>
}

/** @param options.retryAfter ms between two tries while open */
export function createBreaker(options: { failures: number; retryAfter: number }): Breaker {
  let failures = 0
  let nextTry = 0
  const closed = (): boolean => failures < options.failures
  return {
    closed,
    async run(work) {
      if (!closed()) {
        if (performance.now() < nextTry) return false
        nextTry = performance.now() + options.retryAfter
      }
      try {
        const done = await work()
        failures = 0
        return done
      } catch {
        failures++
        nextTry = performance.now() + options.retryAfter
        return false
      }
    },
  }
}
