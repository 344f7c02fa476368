/** Cuts the stream into small pieces, with a pause after each. */
import { monotonicMs } from '../../system/clock.ts'
import { callAt, type Deadline } from '../deadlines.ts'
import type { StreamFault } from '../fault.ts'
import { type Ending, narrowRoom, type Piece, type Stage, type StageContext } from './stage.ts'

export function sliceStage(fault: StreamFault, context: StageContext): Stage {
  let current = fault
  let queue: Piece[] = []
  let held = 0
  let ending: Ending | null = null
  let deadline: Deadline | null = null
  /** Of the monotonic clock: no piece leaves before. */
  let freeAt = 0

  function nextSize(): number {
    const { act } = current
    if (act.is !== 'slice') return Number.POSITIVE_INFINITY
    return Math.max(1, Math.round(act.size + (2 * context.random() - 1) * act.variation))
  }

  const pauseMs = (): number => (current.act.is === 'slice' ? current.act.pauseUs / 1000 : 0)

  function flow(): void {
    const next = context.next()
    const now = monotonicMs()
    while (queue.length > 0 && freeAt <= now) {
      const { data, at } = queue[0] as Piece
      const piece = data.subarray(0, nextSize())
      if (piece.length === data.length) queue.shift()
      else queue[0] = { data: data.subarray(piece.length), at }
      held -= piece.length
      context.acted.pieces++
      context.acted.bytes += piece.length
      // A pause that came late is not made up for by a shorter one: the pieces would merge.
      freeAt = now + pauseMs()
      next.push({ data: piece, at: Math.max(at, now), alone: true })
    }
    if (queue.length === 0 && ending) next.end(ending)
    context.relieved()
    arm()
  }

  function arm(): void {
    if (queue.length === 0 || deadline) return
    deadline = callAt(
      freeAt,
      () => {
        deadline = null
        flow()
      },
      true,
    )
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
    room: narrowRoom,
    push(piece) {
      queue.push(piece)
      held += piece.data.length
      if (!deadline) flow()
    },
    end(how) {
      if (queue.length === 0) context.next().end(how)
      else ending = how
    },
    update(fault) {
      current = fault
    },
    release() {
      deadline?.cancel()
      const next = context.next()
      const rest = queue
      queue = []
      held = 0
      for (const piece of rest) next.push(piece)
      if (ending) next.end(ending)
    },
    close() {
      deadline?.cancel()
      queue = []
      held = 0
    },
  }
}
