/** Stands between the two directions of one connection and understands HTTP/1.1; bytes pass unchanged unless a rule acts. Pure: no sockets. */

import type { CallCounter } from './counters.ts'
import { createDownward } from './downward.ts'
import type { FaultLog } from './fault-log.ts'
import { createLine, type LineOptions } from './line.ts'
import type { LiveRule } from './live-rule.ts'
import { createUpward } from './upward.ts'

export interface HttpMiddle {
  /** The middle keeps what it is given. */
  fromCaller(data: Buffer): void
  callerEnded(): void
  fromService(data: Buffer): void
  serviceEnded(): void
  /** Faults have come, gone or changed: what is held by one that is gone flows on. */
  rulesChanged(): void
  /** The connection is no more. */
  closed(): void
  /** Bytes that wait here. */
  readonly held: { up: number; down: number }
}

/** Bytes that may wait here before reading stands still. Below that it goes on, so that the end of a caller is seen that does not wait any more. */
const much = 64 * 1024

export function createHttpMiddle(
  options: LineOptions,
  shared: { counter: CallCounter; log: FaultLog; rules(): readonly LiveRule[] },
): HttpMiddle {
  const line = createLine(options, shared, cancel)
  const upward = createUpward(line, shared.log, { settle, goOn, renewService })
  const downward = createDownward(line, { tunnel, settle, goOn })
  const paused = { caller: false, service: false }

  /** Gives the answers that are due here, and goes on with what waited for them. */
  function settle(): void {
    for (let oldest = line.open[0]; oldest && !line.over; oldest = line.open[0]) {
      if (oldest.ends) return line.finish(oldest.ends)
      if (oldest.request !== 'answered here' || !oldest.answer) break
      const { bytes, closes } = oldest.answer
      options.toCaller.write(bytes)
      line.answered(oldest, oldest.status)
      if (closes) return line.finish('close')
    }
  }

  /** Both directions carry another protocol from here on, or one that is not understood. */
  function tunnel(): void {
    upward.tunnel()
    downward.tunnel()
  }

  function renewService(): void {
    line.serviceEnded = false
    downward.renewed()
    options.renewService()
  }

  function cancel(): void {
    upward.cancel()
    downward.cancel()
  }

  /** Whatever has come, all that can go on goes on. */
  function goOn(): void {
    upward.pump()
    downward.pump()
    upward.pump()
    // Nobody waits any more for what hangs: its caller has ended its side.
    if (line.callerEnded && (upward.hangs || downward.hangs) && line.open.length <= 1) line.finish('close')
    const caller = !line.over && upward.waiting > much
    const service = !line.over && downward.waiting > much
    if (caller !== paused.caller) options.pauseCaller((paused.caller = caller))
    if (service !== paused.service) options.pauseService((paused.service = service))
  }

  return {
    fromCaller(data) {
      if (line.over) return
      upward.feed(data)
      goOn()
    },
    callerEnded() {
      line.callerEnded = true
      if (!line.over) upward.ended()
      goOn()
    },
    fromService(data) {
      if (line.over) return
      downward.feed(data)
      goOn()
    },
    serviceEnded() {
      line.serviceEnded = true
      if (!line.over) downward.ended()
      goOn()
    },
    rulesChanged() {
      if (line.over) return
      upward.rulesChanged()
      downward.rulesChanged()
      goOn()
    },
    closed() {
      if (line.over) return
      line.over = true
      cancel()
      for (const exchange of line.open.slice()) line.answered(exchange, undefined)
    },
    get held() {
      return { up: upward.waiting, down: downward.waiting }
    },
  }
}
