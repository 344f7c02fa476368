/** One place through which everything that cuts a run short goes; the first reason stands. */
import type { Abort } from '../records/run-data.ts'
import { sleep } from '../system/clock.ts'

export interface Stopper {
  /** Returns false when that changes nothing: the run was being stopped already, or left already after an abort of the guard. */
  stop(abort: Abort): boolean
  readonly abort: Abort | null
  /** Told once. */
  onStop(listener: (abort: Abort) => void): void
  /** Waits `ms`, or less when the run is stopped. True when it was. */
  wait(ms: number): Promise<boolean>
  /** Waits `ms`, or less when somebody else than the guard stops the run: a guard's abort is an answer worth completing. */
  stay(ms: number): Promise<void>
  /** The first of both: `promise`, or null when the run is stopped. */
  orStop<T>(promise: Promise<T>): Promise<T | null>
  /** The first of both: `promise`, or null when somebody else than the guard stops the run. */
  orLeave<T>(promise: Promise<T>): Promise<T | null>
}

export function createStopper(): Stopper {
  const controller = new AbortController()
  const leaving = new AbortController()
  const listeners: ((abort: Abort) => void)[] = []
  let abort: Abort | null = null
  return {
    stop(reason) {
      const left = leaving.signal.aborted
      if (reason.by !== 'guard') leaving.abort()
      if (abort) return !left && reason.by !== 'guard'
      abort = reason
      for (const listener of listeners) listener(reason)
      controller.abort()
      return true
    },
    get abort() {
      return abort
    },
    onStop: (listener) => void listeners.push(listener),
    async wait(ms) {
      if (!abort && ms > 0) await sleep(ms, controller.signal)
      return abort !== null
    },
    stay: (ms) => sleep(ms, leaving.signal),
    orStop: (promise) => firstOf(promise, controller.signal),
    orLeave: (promise) => firstOf(promise, leaving.signal),
  }
}

async function firstOf<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return null
  let release = (): void => {}
  const stopped = new Promise<null>((resolve) => {
    release = () => resolve(null)
    signal.addEventListener('abort', release, { once: true })
  })
  try {
    return await Promise.race([promise, stopped])
  } finally {
    signal.removeEventListener('abort', release)
  }
}
