/** Rules and counters as the connections of a proxy share them, without the proxy. */
import type { FaultStatus, HttpCounters, HttpFault } from '../../../src/proxy/fault.ts'
import { callCounter } from '../../../src/proxy/http/counters.ts'
import { faultLog } from '../../../src/proxy/http/fault-log.ts'
import type { LineOptions } from '../../../src/proxy/http/line.ts'
import { type LiveRule, liveRule } from '../../../src/proxy/http/live-rule.ts'
import { createHttpMiddle, type HttpMiddle } from '../../../src/proxy/http/middle.ts'

export interface HttpPart {
  /** At the end, or in place of the one with this id, whose counts it keeps. */
  put(fault: HttpFault): void
  /** What it holds flows on. */
  remove(id: string): boolean
  /** Undefined: there is no such fault. */
  status(id: string): Pick<FaultStatus, 'acted' | 'achieved'> | undefined
  counters(): HttpCounters
  /** For a new connection; `closed()` of what it gives ends it. */
  connect(options: LineOptions): HttpMiddle
}

export function createHttpPart(log: (line: string) => void): HttpPart {
  const counter = callCounter()
  const lines = faultLog(log)
  let rules: readonly LiveRule[] = []
  const open = new Set<HttpMiddle>()

  function changed(next: readonly LiveRule[]): void {
    rules = next
    for (const middle of open) middle.rulesChanged()
  }

  const byId = (id: string): LiveRule | undefined => rules.find(({ fault }) => fault.id === id)

  return {
    put(fault) {
      const old = byId(fault.id)
      if (old) old.replace(fault)
      changed(old ? rules : [...rules, liveRule(fault)])
    },
    remove(id) {
      const old = byId(id)
      if (old) changed(rules.filter((rule) => rule !== old))
      return old !== undefined
    },
    status: (id) => byId(id)?.status(),
    counters: () => counter.read(),
    connect(options) {
      const middle = createHttpMiddle(options, { counter, log: lines, rules: () => rules })
      open.add(middle)
      return {
        ...middle,
        get held() {
          return middle.held
        },
        closed() {
          open.delete(middle)
          middle.closed()
        },
      }
    },
  }
}
