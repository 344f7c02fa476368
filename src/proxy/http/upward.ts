/** From the caller to the service: requests are framed, the rules are asked, and what they do not touch passes as it came. */
import { monotonicMs } from '../../system/clock.ts'
import { answerHere } from './answer-here.ts'
import { type Decision, decide } from './decide.ts'
import { type Exchange, exchange } from './exchange.ts'
import type { FaultLog } from './fault-log.ts'
import { type RequestHead, wordsOf } from './head.ts'
import { createHold } from './hold.ts'
import type { Line } from './line.ts'
import { askedOf } from './match.ts'
import { type Piece, requestFramer } from './parser.ts'
import { rewriteRequest } from './rewrite.ts'

export interface Upward {
  feed(data: Buffer): void
  ended(): void
  /** Goes on with what waits, as far as it can. */
  pump(): void
  rulesChanged(): void
  /** The request that is held back hangs until its fault is gone. */
  readonly hangs: boolean
  /** From now on bytes pass as they are. */
  tunnel(): void
  cancel(): void
  readonly waiting: number
}

/** Bytes of a body that a rule may look at. */
const longestBody = 1024 * 1024

type Requested = Piece<RequestHead>

export interface UpwardEvents {
  /** An answer may be due. */
  settle(): void
  /** After a wait: everything that can go on goes on. */
  goOn(): void
  /** Another connection to the service, in place of one that it has ended. */
  renewService(): void
}

export function createUpward(line: Line, log: FaultLog, { settle, goOn, renewService }: UpwardEvents): Upward {
  const framer = requestFramer()
  const hold = createHold()
  let requests = 0
  /** The one whose pieces come now. */
  let current: Exchange | undefined
  /** Its pieces that wait for the decision or the end of a hold. */
  let kept: Requested[] = []
  /** Its body, while a rule has to see all of it. */
  let looking: { content: Buffer[]; size: number } | undefined
  let rewrites: Decision['rewrites'] = []
  let discards = false
  /** Its answer decides what the next bytes are: requests, or another protocol. */
  let deciding: Exchange | undefined
  let endSent = false

  function begin(piece: Requested & { is: 'head' }): void {
    const one = exchange(++requests, askedOf(piece.head), monotonicMs())
    line.open.push(one)
    line.counter.started()
    current = one
    kept = [piece]
    const looks = line.rules().filter((rule) => rule.wantsBody && rule.means(one.asked))
    if (looks.length === 0 || piece.body === 0) return decided(one, Buffer.alloc(0))
    if (wordsOf(piece.head.fields, 'expect').length === 0) {
      looking = { content: [], size: 0 }
      return
    }
    log.once('a caller that waits for “100 Continue” sends no body before it: rules about the body do not match there')
    decided(one, undefined)
  }

  function look(one: Exchange, piece: Requested): void {
    kept.push(piece)
    if (!looking) return
    if (piece.is === 'body') {
      looking.content.push(...piece.content)
      looking.size += piece.content.reduce((sum, part) => sum + part.length, 0)
      if (looking.size <= longestBody) return
      log.once(`a body of more than ${longestBody} bytes is not looked at: rules about the body do not match there`)
      looking = undefined
      return decided(one, undefined)
    }
    const body = Buffer.concat(looking.content)
    looking = undefined
    decided(one, piece.is === 'end' && piece.whole ? body : undefined)
  }

  function decided(one: Exchange, body: Buffer | undefined): void {
    const decision = decide(line.rules(), one, body, monotonicMs())
    rewrites = decision.rewrites
    for (const { taken, ms } of decision.holding) line.acted(one, taken, `request held for ${Math.round(ms)} ms`)
    const { end } = decision
    const hangs = end?.act.is === 'hang' ? end : undefined
    if (hangs) line.acted(one, hangs.taken, 'request held for good')
    const holding = [...decision.holding, ...(hangs ? [{ taken: hangs.taken, ms: Number.POSITIVE_INFINITY }] : [])]
    hold.begin(holding, one.at, () => {
      dispose(one, end && line.isThere(end.taken.rule) ? end : undefined)
      if (holding.length > 0) goOn()
    })
  }

  /** The decision is carried out. A hang whose fault is gone lets the request pass. */
  function dispose(one: Exchange, end: Decision['end']): void {
    const pieces = kept
    kept = []
    if (end && (end.act.is === 'reset' || end.act.is === 'close')) {
      line.acted(
        one,
        end.taken,
        end.act.is === 'reset' ? 'connection reset before the service heard of it' : 'connection closed before the service heard of it',
      )
      one.ends = end.act.is
    } else if (end && (end.act.is === 'answer' || end.act.is === 'quota')) {
      answerHere(one, end)
      line.servesHere = true
      line.acted(one, end.taken, `answered with ${one.status}`)
    } else forward(one)
    settle()
    for (const piece of pieces) if (!line.over) pass(one, piece)
  }

  function forward(one: Exchange): void {
    line.servesHere = false
    const alone = !line.open.some(({ request }) => request === 'forwarded')
    one.request = 'forwarded'
    // The service has given up the connection while it got nothing from us: that is not what the fault is about.
    if (line.serviceEnded && !line.answersOver && alone) renewService()
  }

  function pass(one: Exchange, piece: Requested): void {
    const forwards = one.request === 'forwarded'
    if (piece.is === 'opaque') return forwards ? opaque(piece.bytes) : line.finish('close')
    if (piece.is === 'head') {
      const there = rewrites.filter(({ taken }) => line.isThere(taken.rule))
      const rewritten = forwards && there.length > 0 ? rewriteRequest(piece.head, there) : undefined
      discards = rewritten?.discards ?? false
      if (rewritten) for (const { taken } of there) line.acted(one, taken, 'request rewritten')
      if (forwards) line.options.toService.write(rewritten?.bytes ?? piece.bytes)
    } else if (piece.is === 'body') {
      if (forwards && !discards) line.options.toService.write(piece.bytes)
    } else if (piece.is === 'end') {
      current = undefined
      if (forwards && !one.done && changesProtocol(piece, one)) deciding = one
    }
  }

  function handle(piece: Requested): void {
    if (current) return looking ? look(current, piece) : pass(current, piece)
    if (piece.is === 'head') return begin(piece)
    if (piece.is === 'opaque') opaque(piece.bytes)
    else if (piece.is === 'between') line.options.toService.write(piece.bytes)
  }

  function opaque(bytes: Buffer): void {
    if (!line.opaque.up) line.notFollowed()
    line.opaque.up = true
    current = undefined
    line.options.toService.write(bytes)
    settle()
  }

  function isBlocked(): boolean {
    return hold.active || line.open.some(({ ends }) => ends) || (deciding !== undefined && !deciding.done && !line.answersOver)
  }

  let pumping = false
  function pump(): void {
    if (pumping) return
    pumping = true
    while (!line.over && !isBlocked()) {
      const piece = framer.next()
      if (!piece) break
      handle(piece)
    }
    pumping = false
    if (!line.over && line.callerEnded && !isBlocked() && framer.drained && !endSent) {
      endSent = true
      line.options.toService.end()
    }
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
    rulesChanged: () => hold.recheck(line.isThere),
    get hangs() {
      return hold.hangs
    },
    tunnel() {
      framer.giveUp()
      line.opaque.up = true
      deciding = undefined
      pump()
    },
    cancel() {
      hold.cancel()
      kept = []
    },
    get waiting() {
      // A body that is looked at is bounded by itself, and has to come whole.
      return framer.waiting + (looking ? [] : kept).reduce((sum, piece) => sum + ('bytes' in piece ? piece.bytes.length : 0), 0)
    },
  }
}

/** The bytes after this request may belong to another protocol, if the service agrees. */
function changesProtocol({ whole }: Requested & { is: 'end' }, { asked }: Exchange): boolean {
  const { method, fields } = asked.head
  return whole && (method === 'CONNECT' || wordsOf(fields, 'upgrade').length > 0)
}
