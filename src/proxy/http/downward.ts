/** From the service to the caller: answers are framed and matched with their requests in order; those given here stand in the same row. */
import { createAnswerPassing } from './answer-passing.ts'
import type { Exchange } from './exchange.ts'
import type { AnswerHead } from './head.ts'
import type { Line } from './line.ts'
import { answerFramer, type Piece } from './parser.ts'

export interface Downward {
  feed(data: Buffer): void
  ended(): void
  pump(): void
  rulesChanged(): void
  /** What comes now comes from a new connection. */
  renewed(): void
  readonly hangs: boolean
  tunnel(): void
  cancel(): void
  readonly waiting: number
}

type Answered = Piece<AnswerHead>

export function createDownward(line: Line, events: { tunnel(): void; settle(): void; goOn(): void }): Downward {
  let framer = newFramer()
  const passing = createAnswerPassing(line, events)
  /** The answer that comes now only announces another. */
  let interim = false

  function newFramer(): ReturnType<typeof answerFramer> {
    return answerFramer(() => answering()?.asked.head.method ?? 'GET')
  }

  /** The request that the service answers next. */
  function answering(): Exchange | undefined {
    return line.open.find(({ request }) => request === 'forwarded')
  }

  function head(piece: Answered & { is: 'head' }): void {
    const exchange = answering()
    const { status } = piece.head
    interim = status < 200 && status !== 101
    if (!exchange || interim) return line.options.toCaller.write(piece.bytes)
    const { method } = exchange.asked.head
    if (status === 101 || (method === 'CONNECT' && status < 300)) {
      line.options.toCaller.write(piece.bytes)
      line.answered(exchange, status)
      return events.tunnel()
    }
    passing.begin(exchange, { bytes: piece.bytes, head: piece.head, body: piece.body, request: exchange.asked.head })
  }

  function end(whole: boolean): void {
    if (!interim) passing.end(whole)
    interim = false
  }

  function isBlocked(): boolean {
    const [oldest] = line.open
    // Answers given here come first where their requests did.
    return passing.busy || (oldest !== undefined && oldest !== answering())
  }

  let pumping = false
  function pump(): void {
    if (pumping) return
    pumping = true
    while (!line.over && !isBlocked()) {
      if (line.opaque.up && line.open.length === 0 && !passing.going) framer.giveUp()
      const piece = framer.next()
      if (!piece) break
      if (piece.is === 'head') head(piece)
      else if (piece.is === 'body') passing.body(piece.bytes, piece.content)
      else if (piece.is === 'end') end(piece.whole)
      else if (piece.is === 'between') line.options.toCaller.write(piece.bytes)
      else opaque(piece.bytes)
    }
    pumping = false
    if (line.over || !line.serviceEnded || line.answersOver || passing.busy || !framer.drained) return
    endOfService()
  }

  /** What was no answer: nothing that follows can be matched with requests. */
  function opaque(bytes: Buffer): void {
    line.options.toCaller.write(bytes)
    if (line.opaque.down || line.opaque.up) return void (line.opaque.down = true)
    line.opaque.down = true
    line.notFollowed()
    for (const exchange of line.open.slice()) line.answered(exchange, undefined)
    passing.forget()
    events.tunnel()
  }

  /** Passed on once no answer is due that is given here, and no request hangs. */
  function endOfService(): void {
    const [oldest] = line.open
    if (oldest ? oldest.request !== 'forwarded' : line.servesHere && !line.callerEnded) return
    line.answersOver = true
    for (const exchange of line.open.slice()) line.answered(exchange, undefined)
    line.options.toCaller.end()
  }

  return {
    feed(data) {
      framer.feed(data)
      pump()
    },
    ended() {
      framer.ended()
      pump()
    },
    pump,
    rulesChanged: passing.rulesChanged,
    renewed() {
      framer = newFramer()
    },
    get hangs() {
      return passing.hangs
    },
    tunnel() {
      framer.giveUp()
      line.opaque.down = true
      pump()
    },
    cancel: passing.cancel,
    get waiting() {
      return framer.waiting
    },
  }
}
