/** The three clocks and when to use which (`safety.md` rule 19). */
import { readFileSync } from 'node:fs'

/** ms of the monotonic clock: for intervals between samples. Leaves a suspend of the machine out. */
export function monotonicMs(): number {
  return performance.now()
}

/** ms of the monotonic clock that all threads and processes of a machine share: `performance.now()` begins at each thread's own start. */
export function sharedMonotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** ms since boot, a suspend included: for deadlines. Falls back to the monotonic clock where /proc is absent. */
export function bootMs(): number {
  try {
    return Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000
  } catch {
    return Number(process.hrtime.bigint() / 1_000_000n)
  }
}

/** ms since the epoch: for people and for deadlines that survive a reboot. */
export function wallMs(): number {
  return Date.now()
}

export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}

/**
 * Calls `round` at whole multiples of `every` ms after now: never before its time, once for each, and after a stop of the process once for all that were missed.
 * Returns what ends it.
 */
export function everyRound(every: number, round: () => void): () => void {
  let next = monotonicMs() + every
  let timer: NodeJS.Timeout
  function plan(): void {
    timer = setTimeout(due, Math.max(1, Math.ceil(next - monotonicMs())))
  }
  function due(): void {
    // Node's timers go by a clock of whole milliseconds, read a while ago: they may be early.
    if (monotonicMs() < next) return plan()
    while (next <= monotonicMs()) next += every
    plan()
    round()
  }
  plan()
  return () => clearTimeout(timer)
}

/** Settles with `promise`, or rejects with `error()` after `ms`. The promise itself goes on. */
export async function within<T>(promise: Promise<T>, ms: number, error: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(error()), ms)
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
}
