/** A line for each thing a fault has done, so that an error seen somewhere can be told from one that was made. Bounded in lines per second. */
import { monotonicMs } from '../../system/clock.ts'
import type { Exchange } from './exchange.ts'
import { requestWords } from './match.ts'

export interface FaultLog {
  /** No values of queries, headers or bodies: they may be secret. */
  fault(id: string, what: string, exchange: Exchange, connection: number): void
  /** Something noteworthy that is told once. */
  once(line: string): void
}

/** Lines per second in the long run, and in one go. */
const perSecond = 100
const atOnce = 1000

export function faultLog(write: (line: string) => void): FaultLog {
  let credit = atOnce
  let seen = monotonicMs()
  let leftOut = 0
  const told = new Set<string>()

  function line(text: string): void {
    const now = monotonicMs()
    credit = Math.min(atOnce, credit + ((now - seen) * perSecond) / 1000)
    seen = now
    if (credit < 1) {
      leftOut += 1
      return
    }
    credit -= 1
    if (leftOut > 0) write(`${leftOut} lines about faults were left out: more than ${perSecond} a second`)
    leftOut = 0
    write(text)
  }

  return {
    fault: (id, what, { asked, number }, connection) =>
      line(`fault ${id}: ${what}: ${requestWords(asked)} (connection ${connection}, request ${number})`),
    once(text) {
      if (told.has(text) || told.size > 100) return
      told.add(text)
      line(text)
    },
  }
}
