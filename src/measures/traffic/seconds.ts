/** Counts each second of the load, by intended start, and hands a second over when all its requests have ended. */
import type { TrafficSecond } from '../../records/run-data.ts'
import type { Exchange } from './exchange.ts'
import { nearestRank } from './quantile.ts'

/** A second is suspect above these: the generator, not the target, was slow. */
const suspectLag = 10
const suspectNotSent = 0.01
const reasonsKept = 8

interface Book extends TrafficSecond {
  lags: number[]
  ended: number
  stalled: boolean
}

export class Seconds {
  readonly #open = new Map<number, Book>()
  readonly #emit: (second: TrafficSecond) => void
  /** All seconds before this one are fully planned. Begins with the run: seconds before the first request are there, with none planned. */
  #closedBefore = 0

  constructor(emit: (second: TrafficSecond) => void) {
    this.#emit = emit
  }

  planned(second: number, lag: number): void {
    const book = this.#book(second)
    book.planned++
    book.lags.push(lag)
  }

  ended(exchange: Exchange, reason: string | null): void {
    const book = this.#book(exchange.second)
    const outcome = exchange.outcome
    if (outcome === null) return
    book[outcome]++
    book.ended++
    if (outcome !== 'notSent') book.latencies.push(exchange.latency)
    if (reason !== null) {
      const key = reason in book.reasons || Object.keys(book.reasons).length < reasonsKept ? reason : 'other'
      book.reasons[key] = (book.reasons[key] ?? 0) + 1
    }
    if (exchange.second < this.#closedBefore && book.ended === book.planned) this.#hand(book)
  }

  /** The generator itself stood still: what was open then has answers that were read late. */
  stalled(): void {
    for (const book of this.#open.values()) if (book.ended < book.planned) book.stalled = true
  }

  /** No more requests will be planned before `second`. */
  closeBefore(second: number): void {
    for (; this.#closedBefore < second; this.#closedBefore++) {
      const book = this.#book(this.#closedBefore)
      if (book.ended === book.planned) this.#hand(book)
    }
  }

  /** Hands over what there is; requests still open are the difference to `planned`. */
  cutOff(): void {
    for (const book of [...this.#open.values()]) this.#hand(book)
  }

  #book(second: number): Book {
    let book = this.#open.get(second)
    if (!book) {
      const counts = { t: second, planned: 0, ok: 0, error: 0, timeout: 0, notSent: 0, ended: 0 }
      book = { ...counts, latencies: [], lagP99: 0, suspect: false, reasons: {}, lags: [], stalled: false }
      this.#open.set(second, book)
    }
    return book
  }

  #hand(book: Book): void {
    this.#open.delete(book.t)
    const { lags, ended: _, stalled, ...second } = book
    second.lagP99 = Math.round(nearestRank(lags, 0.99) * 1000) / 1000
    second.suspect = stalled || second.lagP99 > suspectLag || second.notSent > suspectNotSent * second.planned
    this.#emit(second)
  }
}
