/** Counts what happens between two ticks and reports it once a second, on the second, whatever else the thread does. */
import type { LiveTick } from '../../records/live-tick.ts'
import { everyRound } from '../../system/clock.ts'
import type { Exchange } from './exchange.ts'
import type { Ledger } from './ledger.ts'
import { nearestRank } from './quantile.ts'

const every = 1000

export class Ticks {
  readonly #ledger: Ledger
  readonly #toRun: number
  readonly #emit: (tick: LiveTick) => void
  #counts = { planned: 0, ok: 0, error: 0, timeout: 0, notSent: 0 }
  #lags: number[] = []
  #inFlight = 0
  #from: number
  readonly #end: () => void

  /** `toRun` turns this thread's `performance.now()` into ms since the run's start. */
  constructor(ledger: Ledger, toRun: number, emit: (tick: LiveTick) => void) {
    this.#ledger = ledger
    this.#toRun = toRun
    this.#emit = emit
    this.#from = performance.now()
    // After a stop of the thread there is one long tick, not a volley of old ones.
    this.#end = everyRound(every, () => this.#report())
  }

  planned(lag: number): void {
    this.#counts.planned++
    this.#inFlight++
    this.#lags.push(lag)
  }

  ended(exchange: Exchange): void {
    this.#inFlight--
    if (exchange.outcome !== null) this.#counts[exchange.outcome]++
  }

  /** The last tick, of what is left of a second. */
  finish(): void {
    this.#end()
    this.#report()
  }

  #report(): void {
    const now = performance.now()
    const { ok, error, timeout } = this.#counts
    const at = now + this.#toRun
    const lagP99 = nearestRank(this.#lags, 0.99)
    const thresholds = this.#ledger.thresholds(now)
    this.#emit({
      at,
      from: this.#from + this.#toRun,
      ...this.#counts,
      ended: ok + error + timeout,
      inFlight: this.#inFlight,
      lagP99,
      thresholds,
    })
    this.#from = now
    this.#counts = { planned: 0, ok: 0, error: 0, timeout: 0, notSent: 0 }
    this.#lags = []
  }
}
