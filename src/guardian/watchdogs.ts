/** What makes a guardian act unasked: a silent runner, a passed deadline, a machine that slept, a fault that outlasts its plan. */
import { bootMs, monotonicMs } from '../system/clock.ts'

export interface WatchdogOptions {
  /** ms */
  heartbeatLost: number
  /** ms since boot */
  deadlineBoot: number
  onLost(): void
  onDeadline(): void
  onSlept(ms: number): void
  /** Called each second. */
  onSecond(): void
}

export interface Watchdogs {
  beat(): void
  stop(): void
}

const tickMs = 250
/** A jump between boot clock and monotonic clock over this means the machine slept. */
const sleptMs = 2_000

export function startWatchdogs(options: WatchdogOptions): Watchdogs {
  let lastBeat = monotonicMs()
  let lastTick = monotonicMs()
  let offset = bootMs() - monotonicMs()
  let ticks = 0
  const timer = setInterval(() => {
    const now = monotonicMs()
    // We ourselves may have been stopped: what the runner said meanwhile waits in the pipe and is read after this tick.
    if (now - lastTick > 1_000) lastBeat = Math.max(lastBeat, now - options.heartbeatLost + 1_000)
    lastTick = now
    const drift = bootMs() - now - offset
    if (drift > sleptMs) {
      offset += drift
      options.onSlept(drift)
    }
    if (bootMs() > options.deadlineBoot) options.onDeadline()
    if (now - lastBeat > options.heartbeatLost) options.onLost()
    if (++ticks % (1000 / tickMs) === 0) options.onSecond()
  }, tickMs)
  return {
    beat: () => {
      lastBeat = monotonicMs()
    },
    stop: () => clearInterval(timer),
  }
}
