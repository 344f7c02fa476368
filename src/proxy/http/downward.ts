/** From the service to the caller: answers are framed and matched with their requests in order; those given here stand in the same row. */
import { type AnswerDecision, decideAnswer } from './decide.ts'
import type { Exchange } from './exchange.ts'
import type { AnswerHead } from './head.ts'
import { createHold, type Holding } from './hold.ts'
import type { Line } from './line.ts'
import { monotonicMs } from '../../system/clock.ts'
import { buildAnswer } from './local-answer.ts'
import { createPacer } from './pacer.ts'
import { answerFramer, type Piece } from './parser.ts'
import { type Passing, type Shaper, shapeAnswer } from './reshape.ts'

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
  const hold = createHold()
  const pacer = createPacer((data) => line.options.toCaller.write(data))
  /** The answer that comes now, once its head was seen and is not of the kind that announces another. */
  let current: { exchange: Exchange; decision: AnswerDecision; shaper?: Shaper | undefined; status: number } | undefined
  let interim = false
  let endSent = false

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
    const decision = decideAnswer(takenFor(exchange, piece.head))
    current = { exchange, decision, status }
    begin(current, { bytes: piece.bytes, head: piece.head, body: piece.body, request: exchange.asked.head })
  }

  /** Rules whose fault is over do not act any more. */
  function takenFor(exchange: Exchange, answer: AnswerHead): Exchange['taken'] {
    const now = monotonicMs()
    const late = exchange.waiting.filter((rule) => line.isThere(rule) && rule.matcher.answer?.(answer)).flatMap((rule) => rule.take(now) ?? [])
    return [...exchange.taken.filter(({ rule }) => line.isThere(rule)), ...late]
  }

  function begin(one: NonNullable<typeof current>, passing: Passing): void {
    const { exchange, decision } = one
    const { end } = decision
    for (const { taken, ms } of decision.holding) line.acted(exchange, taken, `answer held for ${Math.round(ms)} ms`)
    if (end?.act.is === 'hang') line.acted(exchange, end.taken, 'answer held for good')
    const holding: Holding[] = [
      ...decision.holding,
      ...(end?.act.is === 'hang' ? [{ taken: end.taken, ms: Number.POSITIVE_INFINITY }] : []),
    ]
    hold.begin(holding, monotonicMs(), () => {
      const ends = end && end.act.is !== 'hang' && line.isThere(end.taken.rule) ? end : undefined
      if (ends && ends.act.is !== 'hang') {
        line.acted(exchange, ends.taken, ends.act.is === 'reset' ? 'connection reset in place of the answer' : 'connection closed in place of the answer')
        return line.finish(ends.act.is)
      }
      start(one, passing)
      if (holding.length > 0) events.goOn()
    })
  }

  function start(one: NonNullable<typeof current>, passing: Passing): void {
    const { decision, exchange } = one
    if (decision.lose) return
    const shaper = shapeAnswer(passing, decision)
    one.shaper = shaper
    one.status = shaper?.status ?? one.status
    for (const taken of shaper?.acted ?? []) {
      const damage = decision.damage?.taken === taken ? decision.damage.act.how : undefined
      line.acted(exchange, taken, damage ? `answer damaged (${damage})` : `answer changed to ${one.status}`)
    }
    if (decision.slow && passing.body !== 0) line.acted(exchange, decision.slow.taken, `answer slowed to ${Math.round(decision.slow.act.bytesPerSecond)} bytes per second`)
    line.options.toCaller.write(shaper ? shaper.head : passing.bytes)
    if (shaper?.isCut()) cut(one)
  }

  function cut({ exchange }: NonNullable<typeof current>): void {
    line.answered(exchange, undefined)
    current = undefined
    line.finish('close')
  }

  function body(piece: Answered & { is: 'body' }): void {
    if (!current) return line.options.toCaller.write(piece.bytes)
    const { decision, shaper } = current
    if (decision.lose) return
    for (const part of shaper ? shaper.body(piece.bytes, piece.content) : [piece.bytes]) send(current, part)
    if (shaper?.isCut()) cut(current)
  }

  function send({ decision: { slow } }: NonNullable<typeof current>, data: Buffer): void {
    if (data.length === 0) return
    if (!slow || !line.isThere(slow.taken.rule)) return line.options.toCaller.write(data)
    // The rule's own pace of this moment: a dial may have moved it.
    const pace = (): number => {
      const now = slow.taken.rule.fault.rule.acts.find((act) => act.is === 'slow')
      return line.isThere(slow.taken.rule) && now?.is === 'slow' ? now.bytesPerSecond : Number.POSITIVE_INFINITY
    }
    pacer.begin(data, pace, events.goOn)
  }

  function end({ whole }: Answered & { is: 'end' }): void {
    if (interim) {
      interim = false
      return
    }
    if (!current) return
    const { exchange, decision, shaper, status } = current
    if (decision.lose) return lose(exchange, decision.lose)
    for (const part of shaper?.end() ?? []) if (part.length > 0) line.options.toCaller.write(part)
    current = undefined
    line.answered(exchange, whole && (shaper?.whole ?? true) ? status : undefined)
    events.settle()
  }

  /** The service has done its work and answered: nobody hears of it. */
  function lose(exchange: Exchange, { taken, act }: NonNullable<AnswerDecision['lose']>): void {
    current = undefined
    line.acted(exchange, taken, `the service’s answer was lost (${act.by})`)
    if (act.by === 'reset' || act.by === 'close') return line.finish(act.by)
    if (act.by === 'hang')
      return hold.begin([{ taken, ms: Number.POSITIVE_INFINITY }], monotonicMs(), () => line.finish('close'))
    exchange.request = 'answered here'
    exchange.status = act.by
    exchange.answer = buildAnswer({ status: act.by, fields: {}, body: '' }, exchange.asked.head, taken.rule.fault.id)
    events.settle()
  }

  function isBlocked(): boolean {
    const [oldest] = line.open
    // Answers given here come first where their requests did.
    return hold.active || pacer.busy || (oldest !== undefined && oldest !== answering())
  }

  let pumping = false
  function pump(): void {
    if (pumping) return
    pumping = true
    while (!line.over && !isBlocked()) {
      if (line.opaque.up && line.open.length === 0 && !current) framer.giveUp()
      const piece = framer.next()
      if (!piece) break
      if (piece.is === 'head') head(piece)
      else if (piece.is === 'body') body(piece)
      else if (piece.is === 'end') end(piece)
      else if (piece.is === 'between') line.options.toCaller.write(piece.bytes)
      else opaque(piece.bytes)
    }
    pumping = false
    if (line.over || !line.serviceEnded || endSent || hold.active || pacer.busy || !framer.drained) return
    endOfService()
  }

  /** What was no answer: nothing that follows can be matched with requests. */
  function opaque(bytes: Buffer): void {
    line.options.toCaller.write(bytes)
    if (line.opaque.down || line.opaque.up) return void (line.opaque.down = true)
    line.opaque.down = true
    line.notFollowed()
    for (const exchange of line.open.slice()) line.answered(exchange, undefined)
    current = undefined
    events.tunnel()
  }

  /** Passed on once no answer is due that is given here, and no request hangs. */
  function endOfService(): void {
    const [oldest] = line.open
    if (oldest ? oldest.request !== 'forwarded' : line.servesHere && !line.callerEnded) return
    endSent = true
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
    rulesChanged() {
      hold.recheck(line.isThere)
      pacer.recheck()
    },
    renewed() {
      framer = newFramer()
    },
    get hangs() {
      return hold.hangs
    },
    tunnel() {
      framer.giveUp()
      line.opaque.down = true
      pump()
    },
    cancel() {
      hold.cancel()
      pacer.cancel()
    },
    get waiting() {
      return framer.waiting
    },
  }
}
