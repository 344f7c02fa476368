/** Each piece leaves a while after it was received; none overtakes another. */
import { monotonicMs } from '../../system/clock.ts'
import { callAt, type Deadline } from '../deadlines.ts'
import type { StreamFault } from '../fault.ts'
import { type Ending, type Piece, type Stage, type StageContext, wideRoom } from './stage.ts'

interface Waiting extends Piece {
  due: number
}

export function delayStage(fault: StreamFault, context: StageContext): Stage {
  let current = fault
  let queue: Waiting[] = []
  /** The first that still waits: taking from the front of a long array is slow. */
  let first = 0
  let held = 0
  let ending: Ending | null = null
  let deadline: Deadline | null = null

  function wait(): number {
    const { act } = current
    if (act.is !== 'delay') return 0
    const { ms, jitter, shape } = act
    if (jitter === 0) return Math.max(0, ms)
    if (shape === 'normal') {
      const normal = Math.sqrt(-2 * Math.log(1 - context.random())) * Math.cos(2 * Math.PI * context.random())
      return Math.max(0, ms + normal * jitter)
    }
    return Math.max(0, ms + (2 * context.random() - 1) * jitter)
  }

  function arm(): void {
    const next = queue[first]
    if (!next || deadline) return
    deadline = callAt(next.due, onDue, true)
  }

  function onDue(): void {
    deadline = null
    const now = monotonicMs()
    const next = context.next()
    let due = queue[first]
    while (due && due.due <= now) {
      first++
      held -= due.data.length
      context.tally.waited += now - due.at
      context.tally.waits++
      due.at = due.due
      next.push(due)
      due = queue[first]
    }
    if (first === queue.length) {
      queue = []
      first = 0
      if (ending) next.end(ending)
    } else if (first > 1024 && first * 2 > queue.length) {
      queue = queue.slice(first)
      first = 0
    }
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
      return queue.length - first
    },
    room: wideRoom,
    push(piece) {
      context.acted.pieces++
      context.acted.bytes += piece.data.length
      const due = Math.max(piece.at + wait(), queue.at(-1)?.due ?? 0)
      // Nothing to wait for: without a turn of the loop.
      if (due <= piece.at && queue.length === 0) {
        context.tally.waits++
        return context.next().push(piece)
      }
      queue.push({ data: piece.data, at: piece.at, whole: piece.whole, alone: piece.alone, due })
      held += piece.data.length
      arm()
    },
    end(how) {
      if (queue.length === 0) context.next().end(how)
      else ending = how
    },
    update(fault) {
      current = fault
      deadline?.cancel()
      deadline = null
      let last = 0
      for (let index = first; index < queue.length; index++) {
        const piece = queue[index] as Waiting
        piece.due = Math.max(piece.at + wait(), last)
        last = piece.due
      }
      arm()
    },
    release() {
      deadline?.cancel()
      const next = context.next()
      const rest = queue.slice(first)
      queue = []
      first = 0
      held = 0
      for (const piece of rest) next.push(piece)
      if (ending) next.end(ending)
    },
    close() {
      deadline?.cancel()
      queue = []
      first = 0
      held = 0
    },
  }
}
