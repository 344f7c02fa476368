/** The way through a connection that understands HTTP: its middle lies between the two directions. */
import type { CallCounter } from './http/counters.ts'
import type { FaultLog } from './http/fault-log.ts'
import type { LiveRule } from './http/live-rule.ts'
import { createHttpMiddle, type HttpMiddle } from './http/middle.ts'
import type { Outlet } from './outlet.ts'

/** What the connections of one proxy share. */
export interface HttpShared {
  counter: CallCounter
  log: FaultLog
  rules(): readonly LiveRule[]
}

export interface HttpWay {
  middle: HttpMiddle
  /** Where the caller's bytes leave the stages of their direction. */
  readonly fromCaller: Outlet
  /** The middle itself wants less to come. */
  readonly pauses: { up: boolean; down: boolean }
}

export interface HttpWayOptions {
  number: number
  shared: HttpShared
  toService: Outlet
  /** Before the stages of the way back. */
  toCaller: Outlet
  pressed(): void
  /** Both ends were sent: nothing more is to come. */
  over(): void
  renewService(): void
}

export function createHttpWay({ number, shared, toService, toCaller, pressed, over, renewService }: HttpWayOptions): HttpWay {
  const pauses = { up: false, down: false }
  const sent = { up: false, down: false }
  function ended(direction: 'up' | 'down'): void {
    sent[direction] = true
    if (sent.up && sent.down) over()
  }
  const middle = createHttpMiddle(
    {
      number,
      toService: {
        write: toService.write,
        reset: toService.reset,
        end() {
          toService.end()
          ended('up')
        },
      },
      toCaller: {
        write: toCaller.write,
        reset: toCaller.reset,
        end() {
          toCaller.end()
          ended('down')
        },
      },
      pauseCaller(pause) {
        pauses.up = pause
        pressed()
      },
      pauseService(pause) {
        pauses.down = pause
        pressed()
      },
      renewService() {
        sent.up = false
        renewService()
      },
    },
    shared,
  )
  return {
    middle,
    pauses,
    fromCaller: {
      waiting: () => toService.waiting(),
      write: (data) => middle.fromCaller(data),
      end: () => middle.callerEnded(),
      reset(last) {
        middle.closed()
        toService.reset(last)
      },
    },
  }
}
