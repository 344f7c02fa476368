/** A request and what becomes of it. */

import type { LiveRule, Taken } from './live-rule.ts'
import type { BuiltAnswer } from './local-answer.ts'
import type { Asked } from './match.ts'

export interface Exchange {
  /** From 1 in each connection. */
  number: number
  asked: Asked
  /** ms of the monotonic clock when its head was complete. */
  at: number
  /** `held`: nothing has been sent to the service yet. */
  request: 'held' | 'forwarded' | 'answered here'
  /** In place of the service's answer. */
  answer?: BuiltAnswer
  /** The connection is to end when this is the oldest open request. */
  ends?: 'reset' | 'close'
  /** The caller has its answer. */
  done: boolean
  /** As the caller sees it. */
  status?: number
  /** Rules that act on its answer, decided already. */
  taken: Taken[]
  /** Rules that decide when they see the answer. */
  waiting: LiveRule[]
  /** Rules that have acted on it: each counts once. */
  acted: Set<LiveRule>
}

export function exchange(number: number, asked: Asked, at: number): Exchange {
  return { number, asked, at, request: 'held', done: false, taken: [], waiting: [], acted: new Set() }
}
