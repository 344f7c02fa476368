/** One fault in the way of one direction of one connection. */
import type { FaultStatus, StreamFault } from '../fault.ts'

/** Bytes on their way. `at`: ms of the monotonic clock when they were received, or were due to leave the stage before. */
export interface Piece {
  data: Buffer
  at: number
  /** The buffer that `data` lies in, when nobody needs the rest of it: to be read into again once this has left. */
  whole?: Buffer | undefined
  /** Leaves in a segment of its own. */
  alone?: true | undefined
}

/** How a stream ends: in order, or by a reset; `last reset`: when the other side's kernel has all that was sent before. */
export type Ending = 'end' | 'reset' | 'last reset'

export interface Sink {
  push(piece: Piece): void
  end(how: Ending): void
}

export interface Stage extends Sink {
  readonly fault: StreamFault
  /** Bytes that wait here, and in how many pieces. */
  readonly held: number
  readonly pieces: number
  /** Bytes that may wait here before the sender is held back. */
  readonly room: number
  /** Other parameters for what waits and what comes. */
  update(fault: StreamFault): void
  /** The fault is over: what waits goes on at once, nothing is lost. */
  release(): void
  /** The connection is gone: no timer may stay. */
  close(): void
}

export interface StageContext {
  /** What comes next; read at each use, since the next stage may change. */
  next(): Sink
  /** Ends the whole connection; what has passed here arrives before that. */
  finish(how: 'close' | 'reset'): void
  /** Breaks it off at once. */
  breakOff(): void
  /** Fewer bytes wait than before. */
  relieved(): void
  acted: FaultStatus['acted']
  tally: Tally
  /** In [0, 1), the same in each run with the same seed. */
  random(): number
}

/** What was achieved, summed up over all connections; times and bytes since the numbers of the fault last changed. */
export interface Tally {
  /** ms that pieces waited in all, and how many. */
  waited: number
  waits: number
  /** Bytes that left while others waited behind them, and ms for it. */
  flowed: number
  flowedMs: number
  /** Connections and directions that were drawn, and those on which it acts. */
  drawn: number
  hit: number
}

export function newTally(): Tally {
  return { ...nothingMeasured, drawn: 0, hit: 0 }
}

const nothingMeasured = { waited: 0, waits: 0, flowed: 0, flowedMs: 0 }

/** Other numbers were asked for: what was achieved until now says nothing of them. */
export function measureAnew(tally: Tally): void {
  Object.assign(tally, nothingMeasured)
}

/** ms, bytes: what a queue may hold. Delay needs room for what is under way; 32 MiB is 1 GB/s for 32 ms. */
export const wideRoom = 32 * 1024 * 1024
export const narrowRoom = 256 * 1024
