/** One connection through a proxy: two sockets, and a link for each direction between them. */
import type { Socket } from 'node:net'
import { monotonicMs } from '../system/clock.ts'
import { type Address, callerOf } from './address.ts'
import { faultsOn } from './connection-faults.ts'
import { noteBusy } from './deadlines.ts'
import { closeOf, resetOf, whenClosed, whenSent } from './endings.ts'
import type { ConnectionStatus, Direction } from './fault.ts'
import { createHttpWay, type HttpShared, type HttpWay } from './http-way.ts'
import { createLink, type Link } from './link.ts'
import { type Outlet, socketOutlet } from './outlet.ts'
import type { PutFault } from './put-fault.ts'
import { giveBack, type Use } from './read-buffer.ts'
import { serviceDialler } from './service-dialler.ts'
import { callerEnd } from './socket-end.ts'

/** What connections of one proxy share. */
export interface Shared {
  upstream: Address
  /** Understands requests; absent: passes on bytes. */
  http: HttpShared | undefined
  /** All that are put, in that order. */
  faults(): readonly PutFault[]
  bytes: { up: number; down: number }
  used(): void
  /** ms that reading stood still because our own queues were full. */
  limited(ms: number): void
  failedUpstream(error: Error): void
  over(connection: Connection): void
}

export interface Connection {
  readonly id: number
  /** A stream fault has come or changed. */
  put(fault: PutFault): void
  remove(id: string): void
  rulesChanged(): void
  finish(how: 'close' | 'reset'): void
  /** After `finish`: both ends were sent. */
  sent(): Promise<unknown>
  /** Nothing passes until the fault is removed; nothing is lost. */
  stall(put: PutFault): void
  /** ms for which our own queues have been holding its senders back until now. */
  limitedMs(): number
  status(): ConnectionStatus
}

/** Bytes that a socket may have waiting before the other one is not read any more. */
const enough = 64 * 1024

/** A socket, and the direction whose bytes are read from it. */
interface Side {
  socket: Socket
  link: Link
  /** Bytes that were read here. */
  read: number
  paused: boolean
  pausedAt: number
  /** Paused for want of room of our own. */
  limited: boolean
  /** Handed to the other socket; to be used again when that one has sent them. */
  lent: Buffer[]
  closed: boolean
}

export function createConnection(id: number, accepted: Socket, shared: Shared): Connection {
  const caller = callerOf(accepted)
  const began = monotonicMs()
  let finishing = false
  let connected = false
  const dialService = serviceDialler(shared.upstream)

  const up: Side = newSide()
  const down: Side = newSide()
  const toService = socketOutlet(() => down.socket)
  const toCaller = socketOutlet(() => up.socket)
  const way = shared.http && wayThrough(shared.http)
  up.link = createLink('up', way?.fromCaller ?? toService)
  down.link = createLink('down', toCaller)
  up.socket = callerEnd(accepted, {
    receive: (bytes, whole) => received(up, 'up', bytes, whole),
    ended: () => void (finishing || up.link.end('end')),
    failed,
    drained: () => drained(down),
    closed: () => closed(up),
  })
  dial()

  function wayThrough(http: HttpShared): HttpWay {
    const backwards = intoLink(
      () => down.link,
      () => press(down),
      () => finish('reset'),
    )
    const over = (): void => whenSent(up.socket, () => finish('close'))
    return createHttpWay({ number: id, shared: http, toService, toCaller: backwards, pressed: pressBoth, over, renewService: dial })
  }

  function dial(): void {
    down.closed = false
    down.paused = true
    down.socket = dialService({
      receive: (bytes, whole) => received(down, 'down', bytes, whole),
      ended: serviceEnded,
      failed: serviceFailed,
      drained: () => drained(up),
      closed: () => closed(down),
      notConnected,
      connected() {
        connected = true
        pressBoth()
      },
    })
  }

  function received(from: Side, direction: Direction, bytes: Buffer, whole: Buffer): Use {
    shared.bytes[direction] += bytes.length
    from.read += bytes.length
    shared.used()
    noteBusy()
    if (finishing) return 'passed'
    if (from.link.bare() && !way) {
      const waiting = passOn(bytes, whole, from, other(from).socket)
      if (waiting >= enough) pause(from)
      return waiting > 0 ? 'lent' : 'passed'
    }
    // A small piece must not keep a big buffer for as long as it waits.
    const keep = bytes.length * 2 >= whole.length
    const own = keep ? bytes : Buffer.from(bytes)
    if (way && direction === 'down') way.middle.fromService(own)
    else from.link.push(own, keep && !way ? whole : undefined)
    press(from)
    return keep ? 'held' : 'passed'
  }

  const other = (one: Side): Side => (one === up ? down : up)

  /** Holds the sender back when too much waits, and lets it go on. */
  function press(from: Side): void {
    if (finishing || (from === down && !connected)) return
    const { link } = from
    const direct = link.bare() && !way
    const full = direct ? other(from).socket.writableLength >= enough : link.full() || way?.pauses[link.direction] === true
    if (full) return pause(from)
    if (!from.paused) return
    shared.limited(limitedNow(from))
    from.paused = false
    from.socket.resume()
  }

  function pressBoth(): void {
    press(up)
    press(down)
  }

  function drained(from: Side): void {
    giveAllBack(from)
    press(from)
  }

  function serviceEnded(): void {
    if (finishing) return
    if (way) way.middle.serviceEnded()
    else down.link.end('end')
  }

  function notConnected(error: Error): void {
    if (finishing) return
    shared.failedUpstream(error)
    finish('close')
  }

  /** A side that has failed cannot take anything any more. What it has sent before arrives, and then the reset. */
  function serviceFailed(): void {
    if (finishing) return
    up.link.close()
    way?.middle.closed()
    down.link.end('reset')
  }

  function failed(): void {
    if (finishing) return
    if (!connected) return finish('close')
    down.link.close()
    up.link.end('reset')
  }

  function finish(how: 'close' | 'reset'): void {
    if (finishing && how === 'close') return
    finishing = true
    way?.middle.closed()
    for (const { socket, link } of [up, down]) {
      link.close()
      if (how === 'reset') resetOf(socket)
      else closeOf(socket)
    }
  }

  function closed(side: Side): void {
    side.closed = true
    if (!up.closed || !down.closed) return
    way?.middle.closed()
    up.link.close()
    down.link.close()
    shared.over(connection)
  }

  const acting = faultsOn({
    id,
    links: { up: up.link, down: down.link },
    isOver: () => finishing,
    relieved: (direction) => press(direction === 'up' ? up : down),
    finish,
    finishWhenSent(direction, how) {
      const [from, to] = direction === 'up' ? [up, down] : [down, up]
      from.link.shut()
      const when = how === 'close' ? whenSent : whenClosed
      when(to.socket, () => finish(how))
    },
  })

  const connection: Connection = {
    id,
    put: acting.put,
    remove(id) {
      acting.remove(id)
      pressBoth()
    },
    rulesChanged: () => way?.middle.rulesChanged(),
    finish,
    sent: () => Promise.all([up, down].map(({ socket }) => new Promise<void>((resolve) => whenSent(socket, resolve)))),
    stall: acting.stall,
    limitedMs: () => limitedNow(up) + limitedNow(down),
    status: () => statusOf(connection, { caller, began, up, down, way }),
  }
  for (const fault of shared.faults()) connection.put(fault)
  // While the service does not answer, too: a caller that breaks off is seen.
  press(up)
  return connection
}

/** Returns how many bytes wait in the other socket; then the buffer is lent to it. */
function passOn(bytes: Buffer, whole: Buffer, from: Side, to: Socket): number {
  // Little that waits tells nobody when it has gone: whoever comes next looks.
  if (from.lent.length > 0 && to.writableLength === 0) giveAllBack(from)
  to.write(bytes)
  const waiting = to.writableLength
  if (waiting > 0) from.lent.push(whole)
  return waiting
}

function pause(from: Side): void {
  if (from.paused) return
  from.paused = true
  from.pausedAt = monotonicMs()
  from.limited = !from.link.bare() && from.link.limits()
  from.socket.pause()
}

/** ms since our own queues began to hold this sender back. */
function limitedNow({ paused, pausedAt, limited }: Side): number {
  return paused && limited ? monotonicMs() - pausedAt : 0
}

function giveAllBack({ lent }: Side): void {
  for (const buffer of lent.splice(0)) giveBack(buffer)
}

/** The way into the stages of a direction, for what does not come from a socket. */
function intoLink(link: () => Link, pushed: () => void, reset: () => void): Outlet {
  return {
    waiting: () => 0,
    write(data) {
      if (data.length > 0) link().push(data)
      pushed()
    },
    end: () => link().end('end'),
    reset,
  }
}

function statusOf(
  { id }: Connection,
  { caller, began, up, down, way }: { caller: string; began: number; up: Side; down: Side; way: HttpWay | undefined },
): ConnectionStatus {
  const held = way?.middle.held ?? { up: 0, down: 0 }
  return {
    id,
    caller,
    age: monotonicMs() - began,
    bytes: { up: up.read, down: down.read },
    held: { up: up.link.held() + held.up, down: down.link.held() + held.down },
    faults: [...new Set([...up.link.ids(), ...down.link.ids()])],
  }
}

function newSide(): Side {
  return {
    socket: undefined as never,
    link: undefined as never,
    read: 0,
    paused: true,
    pausedAt: 0,
    limited: false,
    lent: [],
    closed: false,
  }
}
