/** One answer on its way to the caller: held, changed, damaged, slowed or lost, as the rules want it. */
import { monotonicMs } from '../../system/clock.ts'
import { give } from './answer-here.ts'
import { type AnswerDecision, decideAnswer } from './decide.ts'
import type { Exchange } from './exchange.ts'
import type { AnswerHead } from './head.ts'
import { createHold, type Holding } from './hold.ts'
import type { Line } from './line.ts'
import { createPacer } from './pacer.ts'
import { type Passing, type Shaper, shapeAnswer } from './reshape.ts'

export interface AnswerPassing {
  /** Its head was understood. */
  begin(exchange: Exchange, passing: Passing): void
  body(bytes: Buffer, content: readonly Buffer[]): void
  end(whole: boolean): void
  /** There is an answer on its way. */
  readonly going: boolean
  /** No more can be taken now. */
  readonly busy: boolean
  readonly hangs: boolean
  rulesChanged(): void
  /** It is not followed any further. */
  forget(): void
  cancel(): void
}

interface Current {
  exchange: Exchange
  decision: AnswerDecision
  shaper?: Shaper | undefined
  status: number
}

export function createAnswerPassing(line: Line, events: { settle(): void; goOn(): void }): AnswerPassing {
  const hold = createHold()
  const pacer = createPacer((data) => line.options.toCaller.write(data))
  let current: Current | undefined

  /** Rules whose fault is over do not act any more. */
  function takenFor(exchange: Exchange, answer: AnswerHead): Exchange['taken'] {
    const now = monotonicMs()
    const late = exchange.waiting
      .filter((rule) => line.isThere(rule) && rule.matcher.answer?.(answer))
      .flatMap((rule) => rule.take(now) ?? [])
    return [...exchange.taken.filter(({ rule }) => line.isThere(rule)), ...late]
  }

  function begin(exchange: Exchange, passing: Passing): void {
    const decision = decideAnswer(takenFor(exchange, passing.head))
    const one: Current = { exchange, decision, status: passing.head.status }
    current = one
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
        line.acted(
          exchange,
          ends.taken,
          ends.act.is === 'reset' ? 'connection reset in place of the answer' : 'connection closed in place of the answer',
        )
        return line.finish(ends.act.is)
      }
      start(one, passing)
      if (holding.length > 0) events.goOn()
    })
  }

  function start(one: Current, passing: Passing): void {
    const { decision, exchange } = one
    if (decision.lose) return
    const shaper = shapeAnswer(passing, decision)
    one.shaper = shaper
    one.status = shaper?.status ?? one.status
    for (const taken of shaper?.acted ?? []) {
      const damage = decision.damage?.taken === taken ? decision.damage.act.how : undefined
      line.acted(exchange, taken, damage ? `answer damaged (${damage})` : `answer changed to ${one.status}`)
    }
    if (decision.slow && passing.body !== 0)
      line.acted(exchange, decision.slow.taken, `answer slowed to ${Math.round(decision.slow.act.bytesPerSecond)} bytes per second`)
    line.options.toCaller.write(shaper ? shaper.head : passing.bytes)
    if (shaper?.isCut()) cut(one)
  }

  function cut({ exchange }: Current): void {
    line.answered(exchange, undefined)
    current = undefined
    line.finish('close')
  }

  function body(bytes: Buffer, content: readonly Buffer[]): void {
    if (!current) return line.options.toCaller.write(bytes)
    const one = current
    const { decision, shaper } = one
    if (decision.lose) return
    send(one, shaper ? joined(shaper.body(bytes, content)) : bytes)
  }

  function send(one: Current, data: Buffer): void {
    const { slow } = one.decision
    const next = (): void => {
      if (one.shaper?.isCut()) cut(one)
    }
    if (data.length === 0) return next()
    if (!slow || !line.isThere(slow.taken.rule)) {
      line.options.toCaller.write(data)
      return next()
    }
    // The rule's own pace of this moment: a dial may have moved it.
    const pace = (): number => {
      const act = slow.taken.rule.fault.rule.acts.find(({ is }) => is === 'slow')
      return line.isThere(slow.taken.rule) && act?.is === 'slow' ? act.bytesPerSecond : Number.POSITIVE_INFINITY
    }
    pacer.begin(data, pace, () => {
      next()
      events.goOn()
    })
  }

  function end(whole: boolean): void {
    if (!current) return
    const { exchange, decision, shaper, status } = current
    if (decision.lose) return lose(exchange, decision.lose)
    const last = joined(shaper?.end() ?? [])
    if (last.length > 0) line.options.toCaller.write(last)
    current = undefined
    line.answered(exchange, whole && (shaper?.whole ?? true) ? status : undefined)
    events.settle()
  }

  /** The service has done its work and answered: nobody hears of it. */
  function lose(exchange: Exchange, { taken, act }: NonNullable<AnswerDecision['lose']>): void {
    current = undefined
    line.acted(exchange, taken, `the service’s answer was lost (${act.by})`)
    if (act.by === 'reset' || act.by === 'close') return line.finish(act.by)
    // There is nothing left that could flow on when the fault is over.
    if (act.by === 'hang') return hold.begin([{ taken, ms: Number.POSITIVE_INFINITY }], monotonicMs(), () => line.finish('close'))
    give(exchange, { status: act.by, fields: {}, body: '' }, taken.rule.fault.id)
    events.settle()
  }

  return {
    begin,
    body,
    end,
    get going() {
      return current !== undefined
    },
    get busy() {
      return hold.active || pacer.busy
    },
    get hangs() {
      return hold.hangs
    },
    rulesChanged() {
      hold.recheck(line.isThere)
      pacer.recheck()
    },
    forget() {
      current = undefined
    },
    cancel() {
      hold.cancel()
      pacer.cancel()
    },
  }
}

function joined(parts: readonly Buffer[]): Buffer {
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
}
