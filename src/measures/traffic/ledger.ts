/**
 * All requests in the order of their starts, and hands that walk along: one for the timeout, one for each latency limit.
 * All share one timeout, so deadlines come in the same order and no request needs a timer of its own.
 */
import type { ThresholdCount } from '../../records/live-tick.ts'
import type { Exchange } from './exchange.ts'

interface Watch {
  limit: number
  /** Absolute index of the first request not yet passed. */
  at: number
  /** Requests before this index were started before the limit was watched. */
  since: number
  slow: number
  decided: number
}

export class Ledger {
  #list: Exchange[] = []
  /** Absolute index of `#list[0]`. */
  #base = 0
  #expired = 0
  #watches: Watch[] = []

  add(exchange: Exchange): number {
    this.#list.push(exchange)
    return this.#base + this.#list.length - 1
  }

  /** A limit that was watched already keeps its counts; a new one counts from the next request on. */
  watch(limits: readonly number[]): void {
    const next = this.#base + this.#list.length
    this.#watches = [...new Set(limits)].map(
      (limit) => this.#watches.find((watch) => watch.limit === limit) ?? { limit, at: next, since: next, slow: 0, decided: 0 },
    )
  }

  /** Call once for each ended request. Slow ones are counted by the walk, at the moment they become late. */
  ended(exchange: Exchange, index: number): void {
    if (exchange.outcome === 'notSent') return
    for (const watch of this.#watches) {
      if (index < watch.since || exchange.latency > watch.limit) continue
      watch.decided++
      // A timeout below the limit is a lower bound, not a fast answer.
      if (exchange.outcome === 'timeout') watch.slow++
    }
  }

  /** Expires what is due and returns when the next open request is; null: none open. Worker clock, ms. */
  expire(now: number): number | null {
    for (;;) {
      const exchange = this.#list[this.#expired - this.#base]
      if (!exchange) return null
      if (exchange.outcome === null) {
        if (exchange.deadline > now) return exchange.deadline
        exchange.end('timeout', null)
      }
      this.#expired++
    }
  }

  /** Counts since the last call, everything late by `now` included. */
  thresholds(now: number): ThresholdCount[] {
    const counts = this.#watches.map((watch) => {
      this.#walk(watch, now)
      const { limit, slow, decided } = watch
      watch.slow = 0
      watch.decided = 0
      return { limit, slow, decided }
    })
    this.#forget()
    return counts
  }

  #walk(watch: Watch, now: number): void {
    for (; ; watch.at++) {
      const exchange = this.#list[watch.at - this.#base]
      if (!exchange || exchange.start + watch.limit >= now) return
      if (exchange.outcome === 'notSent' || exchange.latency <= watch.limit) continue
      watch.slow++
      watch.decided++
    }
  }

  #forget(): void {
    const keep = Math.min(this.#expired, ...this.#watches.map((watch) => watch.at))
    if (keep <= this.#base) return
    this.#list = this.#list.slice(keep - this.#base)
    this.#base = keep
  }
}
