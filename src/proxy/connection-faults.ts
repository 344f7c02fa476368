/** Which faults act on one connection: each has a stage in the link of its direction. */
import { drawOf } from './draw.ts'
import type { Direction, StreamFault } from './fault.ts'
import type { Link } from './link.ts'
import type { PutFault } from './put-fault.ts'
import { createStage } from './stages/create.ts'
import type { Sink } from './stages/stage.ts'

export interface FaultsOnOptions {
  /** Number of the connection: part of every draw. */
  id: number
  links: Record<Direction, Link>
  isOver(): boolean
  /** Less waits in this direction than before. */
  relieved(direction: Direction): void
  finish(how: 'close' | 'reset'): void
  /** Nothing more comes in this direction; when everything was sent the whole connection ends. */
  finishWhenSent(direction: Direction, how: 'close' | 'reset'): void
}

export interface FaultsOn {
  put(put: PutFault): void
  remove(id: string): void
  stall(put: PutFault): void
}

export function faultsOn({ id, links, isOver, relieved, finish, finishWhenSent }: FaultsOnOptions): FaultsOn {
  /** Those that were offered to this connection, and whether they have ever acted. */
  const offered = new Map<string, boolean>()

  function add(direction: Direction, put: PutFault, fault: StreamFault): void {
    let drawn = 0
    links[direction].add((next) =>
      createStage(fault, {
        next,
        finish: (how) => finishAfter(direction, next, how),
        breakOff: () => finish('reset'),
        relieved: () => relieved(direction),
        acted: put.acted,
        tally: put.tally,
        random: () => drawOf(fault.seed ?? 0, fault.id, id, ++drawn),
      }),
    )
  }

  /** A share that grows may draw a connection later: each counts once. */
  function count({ fault, tally, acted }: PutFault, acts: boolean): void {
    const before = offered.get(fault.id)
    if (before === undefined) tally.drawn++
    if (acts && !before) {
      tally.hit++
      acted.connections++
    }
    offered.set(fault.id, acts || before === true)
  }

  /** What has passed the stage still arrives: the end goes behind it. */
  function finishAfter(direction: Direction, next: () => Sink, how: 'close' | 'reset'): void {
    if (isOver()) return
    finishWhenSent(direction, how)
    next().end(how === 'close' ? 'end' : 'last reset')
  }

  return {
    put(put) {
      const { fault } = put
      if (fault.is !== 'stream') return
      const link = links[fault.direction]
      const acts = drawOf(fault.seed ?? 0, fault.id, id) < fault.share
      count(put, acts)
      if (fault.act.is === 'noop') return
      if (link.has(fault.id)) return acts ? link.update(fault) : link.remove(fault.id)
      if (acts && !isOver()) add(fault.direction, put, fault)
    },
    remove(id) {
      offered.delete(id)
      links.up.remove(id)
      links.down.remove(id)
    },
    stall(put) {
      put.acted.connections++
      for (const direction of ['up', 'down'] as const) {
        const act = { is: 'rate', bytesPerSecond: 0 } as const
        if (!isOver()) add(direction, put, { is: 'stream', id: put.fault.id, direction, share: 1, act })
      }
    },
  }
}
