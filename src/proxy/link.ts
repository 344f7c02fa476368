/**
 * One direction of a connection: what is read on one side goes through the stages of the faults that act, and out on the other.
 * Without stages the bytes go straight on. Stages come and go between two pieces, so nothing is lost, doubled or reordered.
 */
import { monotonicMs } from '../system/clock.ts'
import type { Direction, StreamFault } from './fault.ts'
import type { Outlet } from './outlet.ts'
import type { Ending, Piece, Sink, Stage } from './stages/stage.ts'
import { narrowRoom, wideRoom } from './stages/stage.ts'

export interface Link {
  readonly direction: Direction
  /** Bytes that wait in stages, and behind them for the other socket. */
  held(): number
  /** So much waits because we have no more room, and not because a fault or the other side is slow. */
  limits(): boolean
  /** No stage acts. */
  bare(): boolean
  /** `whole`: the buffer that `data` lies in, when it may be used again after that. */
  push(data: Buffer, whole?: Buffer): void
  end(how: Ending): void
  /** Adds the stage at the end. `make` gets what comes next at that place. */
  add(make: (next: () => Sink) => Stage): void
  /** What it holds flows on. */
  remove(id: string): void
  update(fault: StreamFault): void
  has(id: string): boolean
  ids(): string[]
  /** A fault has ended this direction: what still comes goes nowhere. */
  shut(): void
  /** More waits than may: the sender has to be held back. */
  full(): boolean
  close(): void
}

interface Slot {
  stage: Stage
  next: Sink
}

/** Bytes of memory that a piece takes besides its own, while it waits. */
const perPiece = 160
/** Bytes that wait in all links of this process: beyond this none gets more than little room. */
const budget = 256 * 1024 * 1024
let heldByAll = 0

export function createLink(direction: Direction, outlet: Outlet): Link {
  const slots: Slot[] = []
  /** What of `heldByAll` is ours. */
  let counted = 0
  let isShut = false
  const last: Sink = {
    push: (piece: Piece) => outlet.write(piece.data, piece.whole, piece.alone),
    end: (how) => (how === 'end' ? outlet.end() : outlet.reset(how === 'last reset')),
  }
  let first: Sink = last

  function relink(): void {
    for (const [index, slot] of slots.entries()) slot.next = slots[index + 1]?.stage ?? last
    first = slots[0]?.stage ?? last
  }

  function held(overhead: number): number {
    if (slots.length === 0) return 0
    let sum = outlet.waiting()
    for (const { stage } of slots) sum += stage.held + stage.pieces * overhead
    return sum
  }

  function room(): number {
    let most = narrowRoom
    for (const { stage } of slots) most = Math.max(most, stage.room)
    return heldByAll > budget ? narrowRoom : most
  }

  function count(): number {
    const now = held(perPiece)
    heldByAll += now - counted
    counted = now
    return now
  }

  return {
    direction,
    held: () => held(0),
    // A delay holds what has to wait anyway; the others are slow themselves.
    limits: () => slots.every(({ stage }) => stage.room === wideRoom || stage.pieces === 0) && outlet.waiting() < counted / 2,
    bare: () => slots.length === 0 && !isShut,
    push: (data, whole) => void (isShut || first.push({ data, at: monotonicMs(), whole })),
    end: (how) => void (isShut || first.end(how)),
    shut() {
      isShut = true
    },
    add(make) {
      const slot: Slot = { stage: undefined as never, next: last }
      slot.stage = make(() => slot.next)
      slots.push(slot)
      relink()
    },
    remove(id) {
      const index = slots.findIndex(({ stage }) => stage.fault.id === id)
      const [slot] = index < 0 ? [] : slots.slice(index, index + 1)
      if (!slot) return
      slot.stage.release()
      slot.stage.close()
      slots.splice(slots.indexOf(slot), 1)
      relink()
      count()
    },
    update: (fault) => slots.find(({ stage }) => stage.fault.id === fault.id)?.stage.update(fault),
    has: (id) => slots.some(({ stage }) => stage.fault.id === id),
    ids: () => slots.map(({ stage }) => stage.fault.id),
    full: () => count() > room(),
    close() {
      for (const { stage } of slots) stage.close()
      slots.length = 0
      relink()
      count()
    },
  }
}
