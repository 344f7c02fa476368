/** One connection through an HTTP proxy: what both of its directions know. */
import { monotonicMs } from '../../system/clock.ts'
import type { CallCounter } from './counters.ts'
import type { Exchange } from './exchange.ts'
import type { FaultLog } from './fault-log.ts'
import type { LiveRule, Taken } from './live-rule.ts'

/** Where bytes go to: one of the two sockets, or the stages before it. Back-pressure is its own business. */
export interface Outlet {
  write(data: Buffer): void
  /** The end of the stream, after all that was written. */
  end(): void
  /** A reset, at once. */
  reset(): void
}

export interface LineOptions {
  /** Number of the connection. */
  number: number
  toService: Outlet
  toCaller: Outlet
  /** Too much waits in the middle (`true`), or it can take more again. */
  pauseCaller(pause: boolean): void
  pauseService(pause: boolean): void
  /** The service has ended its side while a request was kept from it: a new connection to it is wanted, with nothing sent yet. */
  renewService(): void
}

export interface Line {
  readonly options: LineOptions
  readonly counter: CallCounter
  rules(): readonly LiveRule[]
  isThere(rule: LiveRule): boolean
  /** Requests whose answers the caller does not have yet, the oldest first. */
  readonly open: Exchange[]
  callerEnded: boolean
  serviceEnded: boolean
  /** The end of the service's bytes was passed on: no answer will come any more. */
  answersOver: boolean
  /** The connection was ended by a fault: whatever still comes goes nowhere. */
  over: boolean
  /** The last request was answered here: if the service gives up its connection meanwhile, that is no concern of the caller's. */
  servesHere: boolean
  /** The caller's bytes are not understood, or belong to another protocol from here on. */
  opaque: { up: boolean; down: boolean }
  /** A fault has acted on a request: counted once for each request, and told. */
  acted(exchange: Exchange, taken: Taken, what: string): void
  /** The caller has its answer (`status`), or will never have a whole one (undefined). */
  answered(exchange: Exchange, status: number | undefined): void
  /** Ends the connection. */
  finish(how: 'reset' | 'close'): void
  notFollowed(): void
}

export function createLine(
  options: LineOptions,
  shared: { counter: CallCounter; log: FaultLog; rules(): readonly LiveRule[] },
  whenOver: () => void,
): Line {
  let counted = false
  const line: Line = {
    options,
    counter: shared.counter,
    rules: shared.rules,
    isThere: (rule) => shared.rules().includes(rule),
    open: [],
    callerEnded: false,
    serviceEnded: false,
    answersOver: false,
    over: false,
    servesHere: false,
    opaque: { up: false, down: false },
    acted(exchange, { rule }, what) {
      if (!exchange.acted.has(rule)) rule.acted()
      exchange.acted.add(rule)
      shared.log.fault(rule.fault.id, what, exchange, options.number)
    },
    answered(exchange, status) {
      exchange.done = true
      shared.counter.ended(monotonicMs() - exchange.at, status)
      const at = line.open.indexOf(exchange)
      if (at !== -1) line.open.splice(at, 1)
    },
    finish(how) {
      if (line.over) return
      line.over = true
      for (const exchange of line.open.slice()) line.answered(exchange, undefined)
      whenOver()
      if (how === 'reset') options.toCaller.reset()
      else options.toCaller.end()
      options.toService.end()
    },
    notFollowed() {
      if (!counted) shared.counter.notFollowed()
      counted = true
    },
  }
  return line
}
