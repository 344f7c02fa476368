/** A rule while it acts: which requests it takes, and what has come of it. One for all connections of a proxy. */

import { drawOf } from '../draw.ts'
import type { FaultStatus, HttpFault } from '../fault.ts'
import { drawDelay } from './draw.ts'
import { type Asked, compileMatch, type Matcher } from './match.ts'
import type { HttpDelay } from './rule.ts'

/** A decision that a rule acts on this request. */
export interface Taken {
  rule: LiveRule
  /** Which of the requests that matched it is. */
  count: number
}

export interface LiveRule {
  readonly fault: HttpFault
  /** The body of a request decides. */
  readonly wantsBody: boolean
  /** The answer decides. */
  readonly wantsAnswer: boolean
  /** By everything that a request's head tells. */
  means(asked: Asked): boolean
  meansBody(body: Buffer | undefined): boolean
  matcher: Matcher
  /** A request matches in full: does the rule act? Counts it. */
  take(now: number): Taken | undefined
  /** ms that this request waits. */
  delayOf(delay: HttpDelay, count: number): number
  /** A call at a quota: undefined when it passes, else ms until the next window, and the limit. */
  overQuota(calls: number, per: number, now: number): number | undefined
  /** The fault has acted on a request. */
  acted(): void
  /** A delay has been kept. */
  waited(ms: number): void
  status(): Pick<FaultStatus, 'acted' | 'achieved'>
  /** The same fault with other numbers: what has been counted stays. */
  replace(fault: HttpFault): void
}

interface Compiled {
  fault: HttpFault
  matcher: Matcher
  except: Matcher[]
}

function compiled(fault: HttpFault): Compiled {
  return { fault, matcher: compileMatch(fault.rule.match), except: fault.rule.except.map(compileMatch) }
}

/** What follows the last slash: the fault's own name, which stays the same from run to run. */
function nameOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1)
}

export function liveRule(first: HttpFault): LiveRule {
  let now = compiled(first)
  const tally = { matched: 0, acted: 0, waits: 0, waitedMs: 0 }
  /** Decided, and thereby used up of `most`. */
  let taken = 0
  const second = { began: Number.NEGATIVE_INFINITY, taken: 0 }
  const window = { began: Number.NEGATIVE_INFINITY, calls: 0 }

  const draw = (count: number, index: number): number => drawOf(now.fault.seed ?? 0, nameOf(now.fault.id), count, index)

  function wants(count: number): boolean {
    const { share, nth, skip = 0, first, most } = now.fault.rule.when
    const after = count - skip
    if (after < 1 || (first !== undefined && after > first) || (nth !== undefined && after % nth !== 0)) return false
    return (most === undefined || taken < most) && draw(count, 0) < share
  }

  function withinCap(at: number): boolean {
    const { cap } = now.fault.rule.when
    if (cap === undefined) return true
    // Less than one a second is one in a longer time.
    const [length, calls] = cap >= 1 ? [1000, Math.floor(cap)] : [1000 / cap, 1]
    if (at - second.began >= length) Object.assign(second, { began: at, taken: 0 })
    if (second.taken >= calls) return false
    second.taken += 1
    return true
  }

  return {
    get fault() {
      return now.fault
    },
    get matcher() {
      return now.matcher
    },
    get wantsBody() {
      return now.matcher.body !== undefined
    },
    get wantsAnswer() {
      return now.matcher.answer !== undefined
    },
    means: (asked) => now.matcher.request(asked) && !now.except.some((one) => one.request(asked)),
    meansBody: (body) => now.matcher.body === undefined || (body !== undefined && now.matcher.body(body)),
    take(at) {
      const count = ++tally.matched
      if (!wants(count) || !withinCap(at)) return undefined
      taken += 1
      return { rule: this, count }
    },
    delayOf: (delay, count) => drawDelay(delay, (index) => draw(count, index)),
    overQuota(calls, per, at) {
      if (at - window.began >= per) Object.assign(window, { began: at, calls: 0 })
      window.calls += 1
      return window.calls <= calls ? undefined : window.began + per - at
    },
    acted() {
      tally.acted += 1
    },
    waited(ms) {
      tally.waits += 1
      tally.waitedMs += ms
    },
    status: () => ({
      acted: { connections: 0, pieces: 0, bytes: 0, requests: tally.acted },
      achieved: {
        matched: tally.matched,
        ...(tally.matched > 0 && { share: tally.acted / tally.matched }),
        ...(tally.waits > 0 && { waits: tally.waits, delay: tally.waitedMs / tally.waits }),
      },
    }),
    replace(fault) {
      now = compiled(fault)
    },
  }
}
