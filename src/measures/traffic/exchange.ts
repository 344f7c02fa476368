/** One request from its intended start to its end. It ends exactly once, whatever comes late. */
import type { Dispatcher } from 'undici'
import type { Connection, OnConnection } from './connections.ts'
import { type Answer, blame, bodyKept, type Outcome } from './outcome.ts'

export class Exchange implements OnConnection {
  /** Null while open. */
  outcome: Outcome | null = null
  /** ms from the start that counts to the end; for a timeout the limit. Infinite while open. */
  latency = Number.POSITIVE_INFINITY
  /** The id that its answer acknowledged. */
  acknowledged: string | null = null
  /** Second of the run it belongs to, by intended start. */
  readonly second: number
  /** Worker clock, ms: the intended start, or the true one when that was a little earlier. */
  readonly start: number
  readonly deadline: number
  connection: Connection | null = null
  readonly #answer: Answer
  readonly #ended: (exchange: Exchange, reason: string | null) => void
  readonly #timeout: number
  #status = 0
  #body: Buffer[] = []
  #size = 0

  constructor(start: number, timeout: number, second: number, answer: Answer, ended: (exchange: Exchange, reason: string | null) => void) {
    this.start = start
    this.deadline = start + timeout
    this.second = second
    this.#timeout = timeout
    this.#answer = answer
    this.#ended = ended
  }

  /** undici asks for it; there is nothing to do. */
  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if ((this.#answer.body === null && this.#answer.id === null) || this.#size >= bodyKept) return
    const kept = chunk.subarray(0, bodyKept - this.#size)
    this.#size += kept.length
    this.#body.push(kept)
  }

  onResponseEnd(): void {
    this.connection?.release()
    this.connection = null
    if (!this.#answer.good(this.#status)) return this.end('error', `status ${this.#status}`)
    const { body: pattern, id } = this.#answer
    const body = pattern === null && id === null ? '' : Buffer.concat(this.#body).toString('utf8')
    if (pattern !== null && !pattern.test(body)) return this.end('error', 'the body does not match ok.body')
    if (id !== null) this.acknowledged = id(body)
    this.end('ok', null)
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const { outcome, reason } = blame(error)
    this.end(outcome, reason)
  }

  /** Unless the answer was read to its end, the connection ends with it. */
  end(outcome: Outcome, reason: string | null): void {
    if (this.outcome !== null) return
    const took = performance.now() - this.start
    // Also when the timer that should have expired it is itself late.
    const late = outcome !== 'notSent' && took >= this.#timeout
    this.outcome = late ? 'timeout' : outcome
    this.latency = late || outcome === 'timeout' ? this.#timeout : Math.round(took * 1000) / 1000
    this.#body = []
    this.connection?.destroy()
    this.connection = null
    this.#ended(this, late ? null : reason)
  }
}
