/** One connection through a proxy: two sockets, and a link for each direction between them. */
import type { Socket } from 'node:net'
import { monotonicMs } from '../system/clock.ts'
import { type Address, callerOf } from './address.ts'
import { drawOf } from './draw.ts'
import type { ConnectionStatus, Direction, StreamFault } from './fault.ts'
import { createLink, type Link, type Outlet } from './link.ts'
import type { PutFault } from './put-fault.ts'
import { giveBack } from './read-buffer.ts'
import { callerEnd, type EndEvents, type SocketEnd, serviceEnd } from './socket-end.ts'
import { createStage } from './stages/create.ts'
import type { Sink } from './stages/stage.ts'

/** What connections of one proxy share. */
export interface Shared {
  upstream: Address
  /** All that are put, in that order. */
  faults(): readonly PutFault[]
  bytes: { up: number; down: number }
  used(): void
  limited(ms: number): void
  failedUpstream(error: Error): void
  over(connection: Connection): void
}

export interface Connection {
  readonly id: number
  /** A stream fault has come or changed. */
  put(fault: PutFault): void
  remove(id: string): void
  finish(how: 'close' | 'reset'): void
  /** Nothing passes until `remove(id)`; nothing is lost. */
  stall(put: PutFault): void
  status(): ConnectionStatus
}

/** ms that a socket is still read after its end was sent, so that the kernel does not turn the end into a reset. */
const lingers = 100
/** ms for a peer that does not take what was sent before the end. */
const patience = 30_000
/** Bytes that a socket may have waiting before the other one is not read any more. */
const enough = 64 * 1024

const nothing = Buffer.alloc(0)

interface Side {
  end: SocketEnd
  link: Link
  /** Bytes that were read here. */
  read: number
  paused: boolean
  pausedAt: number
  /** Handed to the other socket; to be used again when that one has sent them. */
  lent: Buffer[]
  closed: boolean
}

export function createConnection(id: number, accepted: Socket, shared: Shared): Connection {
  const caller = callerOf(accepted)
  const began = monotonicMs()
  let finishing = false
  let connected = false

  const up = side('up', (events) => callerEnd(accepted, events))
  const down = side('down', (events) => serviceEnd(shared.upstream, events, onConnected))

  function other(one: Side): Side {
    return one === up ? down : up
  }

  function side(direction: Direction, open: (events: EndEvents) => SocketEnd): Side {
    const self: Side = {
      end: undefined as never,
      link: createLink(
        direction,
        outletOf(() => other(self).end.socket),
      ),
      read: 0,
      paused: true,
      pausedAt: 0,
      lent: [],
      closed: false,
    }
    self.end = open({
      receive: (bytes, whole) => received(self, direction, bytes, whole),
      ended: () => void (finishing || self.link.end('end')),
      failed: (error) => failed(self, error),
      drained: () => drained(other(self)),
      closed() {
        self.closed = true
        if (up.closed && down.closed) over()
      },
    })
    return self
  }

  function outletOf(socket: () => Socket): Outlet {
    let corked = false
    return {
      get waiting() {
        return socket().writableLength
      },
      write(data) {
        const to = socket()
        if (!corked) {
          // What becomes due at once leaves in one call.
          corked = true
          to.cork()
          process.nextTick(() => {
            corked = false
            to.uncork()
          })
        }
        to.write(data)
      },
      end: () => endOf(socket()),
      reset: () => reset(socket()),
    }
  }

  function received(from: Side, direction: Direction, bytes: Buffer, whole: Buffer): boolean {
    shared.bytes[direction] += bytes.length
    from.read += bytes.length
    shared.used()
    if (finishing) return false
    if (from.link.bare) {
      const to = other(from).end.socket
      to.write(bytes)
      const waiting = to.writableLength
      if (waiting === 0) return false
      from.lent.push(whole)
      if (waiting >= enough) pause(from)
      return true
    }
    // A small piece must not keep a big buffer for as long as it waits.
    const keep = bytes.length * 2 >= whole.length
    from.link.push(keep ? bytes : Buffer.from(bytes))
    press(from)
    return keep
  }

  function pause(from: Side): void {
    if (from.paused) return
    from.paused = true
    from.pausedAt = monotonicMs()
    from.end.read(false)
  }

  function resume(from: Side): void {
    if (!from.paused || !connected) return
    from.paused = false
    from.end.read(true)
  }

  /** Holds the sender back when too much waits, and lets it go on. */
  function press(from: Side): void {
    if (finishing) return
    if (from.link.bare ? other(from).end.socket.writableLength >= enough : from.link.full()) return pause(from)
    if (from.paused && !from.link.bare && connected) shared.limited(monotonicMs() - from.pausedAt)
    resume(from)
  }

  function drained(from: Side): void {
    for (const buffer of from.lent.splice(0)) giveBack(buffer)
    press(from)
  }

  function onConnected(): void {
    if (finishing) return
    connected = true
    resume(up)
    resume(down)
  }

  function failed(one: Side, error: Error): void {
    if (finishing) return
    if (!connected) {
      shared.failedUpstream(error)
      return finish('close')
    }
    // It cannot take anything any more. What it has sent before arrives, and then the reset.
    other(one).link.close()
    one.link.end('reset')
  }

  function finish(how: 'close' | 'reset'): void {
    if (finishing && how === 'close') return
    finishing = true
    for (const { end, link } of [up, down]) {
      link.close()
      if (how === 'reset') reset(end.socket)
      else close(end)
    }
  }

  function add(from: Side, put: PutFault, fault: StreamFault): void {
    let drawn = 0
    from.link.add((next) =>
      createStage(fault, {
        next,
        finish: (how) => finishAfter(from, next, how),
        relieved: () => press(from),
        acted: put.acted,
        tally: put.tally,
        random: () => drawOf(fault.seed ?? 0, fault.id, id, ++drawn),
      }),
    )
  }

  /** What has passed the stage still arrives: the end goes behind it. */
  function finishAfter(from: Side, next: () => Sink, how: 'close' | 'reset'): void {
    if (finishing) return
    const to = other(from)
    if (how === 'reset') return finish('reset')
    next().end('end')
    to.end.socket.once('finish', () => finish('close'))
    if (to.end.socket.writableFinished) finish('close')
  }

  function over(): void {
    up.link.close()
    down.link.close()
    shared.over(connection)
  }

  const connection: Connection = {
    id,
    put(put) {
      const { fault } = put
      if (fault.is !== 'stream') return
      const from = fault.direction === 'up' ? up : down
      const { link } = from
      const acts = fault.act.is !== 'noop' && drawOf(fault.seed ?? 0, fault.id, id) < fault.share
      if (link.has(fault.id)) return acts ? link.update(fault) : link.remove(fault.id)
      put.tally.drawn++
      if (!acts || finishing) return
      put.tally.hit++
      put.acted.connections++
      add(from, put, fault)
    },
    remove(id) {
      up.link.remove(id)
      down.link.remove(id)
      press(up)
      press(down)
    },
    finish,
    stall(put) {
      for (const from of [up, down]) {
        const act = { is: 'rate', bytesPerSecond: 0 } as const
        add(from, put, { is: 'stream', id: put.fault.id, direction: from.link.direction, share: 1, act })
      }
      put.acted.connections++
    },
    status: () => ({
      id,
      caller,
      age: monotonicMs() - began,
      bytes: { up: up.read, down: down.read },
      held: { up: up.link.held, down: down.link.held },
      faults: [...new Set([...up.link.ids(), ...down.link.ids()])],
    }),
  }
  for (const fault of shared.faults()) connection.put(fault)
  return connection
}

/** Not before all is sent: while a shutdown is under way a socket cannot be reset, and Node would lose it. */
function endOf(socket: Socket, then?: () => void): void {
  if (socket.writableLength === 0) socket.end(then)
  else socket.write(nothing, (error) => void (error || socket.end(then)))
}

function reset(socket: Socket): void {
  if (socket.destroyed) return
  if (socket.connecting) return void socket.destroy()
  if (!socket.writableEnded || socket.writableFinished) return void socket.resetAndDestroy()
  socket.once('finish', () => reset(socket))
}

function close({ socket, read }: SocketEnd): void {
  if (socket.destroyed) return
  const destroy = (): void => void socket.destroy()
  if (socket.connecting) return destroy()
  const limit = setTimeout(destroy, patience)
  socket.once('close', () => clearTimeout(limit))
  if (!socket.writableEnded) endOf(socket, () => setTimeout(destroy, lingers).unref())
  else setTimeout(destroy, lingers).unref()
  socket.once('end', destroy)
  read(true)
}
