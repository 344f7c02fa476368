/** Holds one thing back for as long as the faults that hold it are there: delays add up, and what hangs waits until its fault is gone. */
import { monotonicMs } from '../../system/clock.ts'
import { callAt, type Deadline } from '../deadlines.ts'
import type { LiveRule, Taken } from './live-rule.ts'

export interface Holding {
  taken: Taken
  /** Infinity: as long as the fault is there. */
  ms: number
}

export interface Hold {
  readonly active: boolean
  /** Something hangs. */
  readonly hangs: boolean
  /** From `since` on; `done` comes later, or now when there is nothing to wait for. */
  begin(parts: readonly Holding[], since: number, done: () => void): void
  /** Some of the faults may be gone. */
  recheck(isThere: (rule: LiveRule) => boolean): void
  cancel(): void
}

export function createHold(): Hold {
  let parts: readonly Holding[] = []
  let began = 0
  let done: (() => void) | undefined
  let timer: Deadline | undefined

  function total(): number {
    return parts.reduce((sum, { ms }) => sum + ms, 0)
  }

  function check(): void {
    timer?.cancel()
    timer = undefined
    if (!done) return
    const left = began + total() - monotonicMs()
    if (left <= 0) return release()
    if (left !== Number.POSITIVE_INFINITY) timer = callAt(began + total(), check, true)
  }

  function release(): void {
    const next = done
    const waited = monotonicMs() - began
    // Shared by delays that add up, each by its part.
    const asked = total()
    for (const { taken, ms } of parts) if (ms > 0) taken.rule.waited((waited * ms) / asked)
    done = undefined
    parts = []
    next?.()
  }

  return {
    get active() {
      return done !== undefined
    },
    get hangs() {
      return done !== undefined && total() === Number.POSITIVE_INFINITY
    },
    begin(wanted, since, next) {
      parts = wanted
      began = since
      done = next
      check()
    },
    recheck(isThere) {
      if (!done || parts.every(({ taken }) => isThere(taken.rule))) return
      parts = parts.filter(({ taken }) => isThere(taken.rule))
      check()
    },
    cancel() {
      timer?.cancel()
      done = undefined
      parts = []
    },
  }
}
