/** Faults that end connections, or that change how they end: `cut`, `drop`, `reset`, `slow close`. They hold no bytes. */
import { monotonicMs } from '../../system/clock.ts'
import { callAt, type Deadline } from '../deadlines.ts'
import type { StreamFault } from '../fault.ts'
import { type Ending, narrowRoom, type Stage, type StageContext } from './stage.ts'

interface Does extends Omit<Stage, 'fault' | 'held' | 'pieces' | 'room' | 'update'> {
  updated?(fault: StreamFault): void
}

/** What all of them share; each says what it does with bytes and with the end. */
function holdsNothing(fault: StreamFault, does: (current: () => StreamFault) => Does): Stage {
  let current = fault
  const { updated, ...rest } = does(() => current)
  return {
    get fault() {
      return current
    },
    held: 0,
    pieces: 0,
    room: narrowRoom,
    update(fault) {
      current = fault
      updated?.(fault)
    },
    ...rest,
  }
}

/** Passes exactly so many bytes, then ends the connection; what has passed still arrives. */
export function cutStage(fault: StreamFault, context: StageContext): Stage {
  let passed = 0
  let over = false
  return holdsNothing(fault, (current) => ({
    push(piece) {
      const { act } = current()
      if (over || act.is !== 'cut') return
      const left = Math.max(0, act.bytes - passed)
      const data = piece.data.subarray(0, left)
      passed += data.length
      if (data.length > 0) context.next().push({ data, at: piece.at })
      if (passed < act.bytes) return
      over = true
      context.acted.pieces++
      context.acted.bytes += piece.data.length - data.length
      context.finish(act.by)
    },
    end: (how) => context.next().end(how),
    release() {},
    close() {},
  }))
}

/** Throws everything away. */
export function dropStage(fault: StreamFault, context: StageContext): Stage {
  let deadline: Deadline | null = null
  let dropped = 0
  let ended = false
  /** The last piece, or the beginning. */
  let lastAt = monotonicMs()
  function arm({ act }: StreamFault): void {
    deadline?.cancel()
    const closes = act.is === 'drop' && act.closeAfter > 0
    deadline = closes ? callAt(lastAt + act.closeAfter, () => context.finish('close'), false) : null
  }
  const stage = holdsNothing(fault, (current) => ({
    updated: arm,
    push(piece) {
      dropped += piece.data.length
      context.acted.pieces++
      context.acted.bytes += piece.data.length
      lastAt = monotonicMs()
      arm(current())
    },
    end() {
      const { act } = current()
      ended = true // The peer must not learn of it now: nothing passes here.
      if (act.is === 'drop' && act.atEnd === 'close') context.finish('close')
    },
    release() {
      deadline?.cancel()
      // The stream has a hole: it must not go on as if nothing were missing.
      if (dropped > 0 || ended) context.finish('close')
    },
    close: () => deadline?.cancel(),
  }))
  arm(fault)
  return stage
}

/** Waits for the first piece or the end, then resets both sides. */
export function resetStage(fault: StreamFault, context: StageContext): Stage {
  let deadline: Deadline | null = null
  return holdsNothing(fault, (current) => {
    function begin(bytes: number): void {
      context.acted.pieces++
      context.acted.bytes += bytes
      const { act } = current()
      if (deadline || act.is !== 'reset') return
      if (act.after <= 0) context.breakOff()
      else deadline = callAt(monotonicMs() + act.after, context.breakOff, false)
    }
    return {
      push: (piece) => begin(piece.data.length),
      end: () => begin(0),
      release() {
        // Bytes are lost already: the connection cannot go on.
        if (deadline) context.breakOff()
      },
      close: () => deadline?.cancel(),
    }
  })
}

/** Passes the end of the stream on a while later. */
export function slowCloseStage(fault: StreamFault, context: StageContext): Stage {
  let deadline: Deadline | null = null
  let ending: Ending | null = null
  let endedAt = 0
  const pass = (): void => {
    deadline?.cancel()
    const how = ending
    ending = null
    if (how) context.next().end(how)
  }
  function arm({ act }: StreamFault): void {
    deadline?.cancel()
    if (ending && act.is === 'slow close') deadline = callAt(endedAt + act.ms, pass, false)
  }
  return holdsNothing(fault, (current) => ({
    updated: arm,
    push: (piece) => context.next().push(piece),
    end(how) {
      if (how !== 'end') return context.next().end(how)
      ending = how
      endedAt = monotonicMs()
      context.acted.pieces++
      arm(current())
    },
    release: pass,
    close() {
      deadline?.cancel()
      ending = null
    },
  }))
}
