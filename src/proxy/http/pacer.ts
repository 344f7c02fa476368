/** Lets bytes go at a pace. One piece at a time: who has more waits until it is idle. */
import { monotonicMs } from '../../system/clock.ts'

export interface Pacer {
  readonly busy: boolean
  /** `pace`: bytes per second, asked for each time; Infinity: at once. */
  begin(data: Buffer, pace: () => number, idle: () => void): void
  /** The pace has changed, or is none any more. */
  recheck(): void
  cancel(): void
}

/** ms between two portions. */
const beat = 20

export function createPacer(write: (data: Buffer) => void): Pacer {
  let rest: Buffer | undefined
  let paceOf: () => number = () => Number.POSITIVE_INFINITY
  let whenIdle: () => void = () => {}
  let timer: NodeJS.Timeout | undefined
  /** Bytes that are allowed by now and were not used: at most those of one beat are kept. */
  let credit = 0
  let seen = 0

  function step(): void {
    clearTimeout(timer)
    timer = undefined
    if (!rest) return
    const now = monotonicMs()
    const pace = paceOf()
    if (pace !== Number.POSITIVE_INFINITY) credit += (pace * (now - seen)) / 1000
    seen = now
    const portion = pace === Number.POSITIVE_INFINITY ? rest.length : Math.min(rest.length, Math.floor(credit))
    if (portion > 0) {
      const part = rest.subarray(0, portion)
      credit -= portion
      rest = portion === rest.length ? undefined : rest.subarray(portion)
      write(part)
    }
    // What was written may have led to the end of the connection.
    if (rest) timer = setTimeout(step, pace > 0 ? Math.min(60_000, Math.max(beat, (1 - credit) / (pace / 1000))) : 60_000)
    else if (portion > 0) whenIdle()
  }

  return {
    get busy() {
      return rest !== undefined
    },
    begin(data, pace, idle) {
      rest = data
      paceOf = pace
      whenIdle = idle
      const now = monotonicMs()
      // The pace goes on from one piece to the next; a pause before it earns nothing.
      if (now - seen > 2 * beat) [seen, credit] = [now, 0]
      credit = Math.min(credit, (pace() * beat) / 1000)
      step()
    },
    recheck: step,
    cancel() {
      clearTimeout(timer)
      rest = undefined
    },
  }
}
