/** One end of a connection: the caller's socket or the one to the service. */
import { lookup } from 'node:dns'
import { type LookupFunction, Socket, type TcpSocketConnectOpts } from 'node:net'
import type { Address } from './address.ts'
import { readInto, type Use } from './read-buffer.ts'

export interface EndEvents {
  /** Unless they were passed on, `whole`, the buffer they lie in, is taken over. */
  receive(bytes: Buffer, whole: Buffer): Use
  /** The peer sends nothing more. */
  ended(): void
  /** By a reset or another failure; `ended` does not follow. */
  failed(error: NodeJS.ErrnoException): void
  /** Everything that was written is with the kernel. */
  drained(): void
  /** The socket is no more, in whatever way. */
  closed(): void
}

/** What Node hands to us when a connection was accepted; it reads nothing yet. */
export function callerEnd(accepted: Socket, events: EndEvents): Socket {
  const reading = readInto(events.receive)
  const inner = (accepted as unknown as { _handle?: unknown })._handle
  // `onread` can only be said when a socket is made: the accepted handle gets a new one. Without such a handle, streams do it more slowly.
  if (!inner) return watched(accepted, events, reading.close, true)
  ;(accepted as unknown as { _handle: unknown })._handle = null
  const options = { handle: inner, allowHalfOpen: true, manualStart: true, onread: reading } as never
  return watched(new Socket(options), events, reading.close, false)
}

/** Begins to connect; reading begins when it is connected. */
export function serviceEnd(address: Address, events: EndEvents, connected: () => void): Socket {
  const reading = readInto(events.receive)
  const socket = new Socket({ allowHalfOpen: true, onread: reading } as never)
  watched(socket, events, reading.close, false)
  socket.once('connect', connected)
  if ('path' in address) socket.connect({ path: address.path })
  else socket.connect({ host: address.host ?? 'localhost', port: address.port, noDelay: true, lookup: ipv4First } as TcpSocketConnectOpts)
  return socket
}

const localhost = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
] as const

/** Services that listen at `localhost` mostly do so at 127.0.0.1. Not asked of the resolver, whose few threads may all wait for names that nobody answers for. */
const ipv4First: LookupFunction = (host, options, callback) => {
  if (host !== 'localhost') return lookup(host, options, callback as never)
  process.nextTick(() => (options.all ? callback(null, [...localhost]) : callback(null, localhost[0].address, 4)))
}

function watched(socket: Socket, events: EndEvents, close: () => void, streams: boolean): Socket {
  let failed = false
  socket.on('end', () => events.ended())
  socket.on('drain', () => events.drained())
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (failed) return
    failed = true
    events.failed(error)
  })
  socket.once('close', () => {
    close()
    events.closed()
  })
  if (streams) socket.on('data', (bytes: Buffer) => void events.receive(bytes, bytes))
  return socket
}
