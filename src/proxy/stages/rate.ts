/** Lets so many bytes a second through; none at all when the rate is 0, and nothing is lost. */
import { monotonicMs } from '../../system/clock.ts'
import { callAt, type Deadline } from '../deadlines.ts'
import type { StreamFault } from '../fault.ts'
import { type Ending, narrowRoom, type Piece, type Stage, type StageContext, wideRoom } from './stage.ts'

/** ms: no piece takes longer, so that a slow stream drips instead of coming in lumps. */
const longest = 100
/** ms: what takes no longer leaves at once and the time is booked, since a timer would hold it for longer than asked. */
const unnoticed = 0.25
/** ms that the sender may be ahead: what passes between two wakings has to be there. */
const ahead = 50

export function rateStage(fault: StreamFault, context: StageContext): Stage {
  let current = fault
  let queue: Piece[] = []
  let held = 0
  let ending: Ending | null = null
  let deadline: Deadline | null = null
  /** When the piece in front, or without one the last, will have been sent: the sum of exact times, so that late timers do not add up. */
  let sentAt = 0
  /** Bytes of the piece that is being sent; 0: none. */
  let sending = 0
  /** Until when the time of sending has been counted. */
  let countedTo = 0

  const rate = (): number => (current.act.is === 'rate' ? current.act.bytesPerSecond / 1000 : 0)

  /** Begins with the piece in front, which began to be sent at `from`. */
  function begin(from: number): boolean {
    const next = queue[0]
    const perMs = rate()
    if (!next || perMs <= 0) return false
    sending = Math.min(next.data.length, Math.max(1, Math.floor(perMs * longest)))
    sentAt = from + sending / perMs
    return true
  }

  /** Small and nothing before it: as good as sent. */
  function passes(piece: Piece): boolean {
    const now = monotonicMs()
    const till = Math.max(now, sentAt) + piece.data.length / rate()
    if (queue.length > 0 || till - now > unnoticed) return false
    sentAt = till
    context.next().push({ ...piece, at: now })
    return true
  }

  function arm(): void {
    if (sending > 0) deadline ??= callAt(sentAt, onSent, false)
  }

  /** The first bytes of the piece in front; nothing is on the line after that. */
  function takeOff(bytes: number, at: number): Piece {
    const piece = queue[0] as Piece
    const isLast = bytes >= piece.data.length
    const data = isLast ? piece.data : piece.data.subarray(0, bytes)
    if (isLast) queue.shift()
    else queue[0] = { ...piece, data: piece.data.subarray(bytes) }
    held -= data.length
    context.tally.flowed += data.length
    sending = 0
    return { data, at, whole: isLast ? piece.whole : undefined, alone: piece.alone }
  }

  /** What of the part on the line has got through by now; it does not wait for the rest, which goes at another rate. */
  function passWhatIsThrough(now: number): void {
    const through = Math.floor(sending - Math.max(0, sentAt - now) * rate())
    if (sending > 0 && through > 0) context.next().push(takeOff(through, now))
    sending = 0
  }

  function onSent(): void {
    deadline = null
    const now = monotonicMs()
    const next = context.next()
    while (sending > 0 && sentAt <= now) {
      const piece = takeOff(sending, sentAt)
      begin(piece.at)
      next.push(piece)
    }
    context.tally.flowedMs += now - countedTo
    countedTo = now
    if (queue.length === 0 && ending) next.end(ending)
    context.relieved()
    arm()
  }

  return {
    get fault() {
      return current
    },
    get held() {
      return held
    },
    get pieces() {
      return queue.length
    },
    get room() {
      return Math.min(wideRoom, Math.max(narrowRoom, rate() * ahead))
    },
    push(piece) {
      context.acted.pieces++
      context.acted.bytes += piece.data.length
      if (passes(piece)) return
      queue.push(piece)
      held += piece.data.length
      if (sending === 0) {
        countedTo = Math.max(monotonicMs(), sentAt)
        begin(countedTo)
      }
      arm()
    },
    end(how) {
      // Where nothing passes, the end does not either.
      if (queue.length === 0 && rate() > 0) context.next().end(how)
      else ending = how
    },
    update(fault) {
      const now = monotonicMs()
      deadline?.cancel()
      deadline = null
      passWhatIsThrough(now)
      current = fault
      countedTo = now
      begin(now)
      arm()
      if (queue.length === 0 && rate() > 0 && ending) context.next().end(ending)
      context.relieved()
    },
    release() {
      deadline?.cancel()
      const next = context.next()
      const rest = queue
      queue = []
      held = 0
      sending = 0
      for (const piece of rest) next.push(piece)
      if (ending) next.end(ending)
    },
    close() {
      deadline?.cancel()
      queue = []
      held = 0
      sending = 0
    },
  }
}
