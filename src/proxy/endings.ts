/** The ways to end a socket: in order, by a reset, or for good. */
import type { Socket } from 'node:net'

/** ms that a socket is still read after its end was sent, so that the kernel does not turn the end into a reset. */
const lingers = 100
/** ms for a peer that does not take what was sent before the end. */
const patience = 30_000

const nothing = Buffer.alloc(0)

/** Not before all is sent: while a shutdown waits for that a socket cannot be reset, and Node would lose it. */
export function endOf(socket: Socket, then?: () => void): void {
  whenTaken(socket, () => socket.end(then))
}

/** The kernel has taken everything that was written; not called when it never can. */
export function whenTaken(socket: Socket, then: () => void): void {
  if (socket.writableLength === 0 || socket.writableEnded) then()
  else socket.write(nothing, (error) => void (error || then()))
}

export function resetOf(socket: Socket): void {
  if (socket.destroyed) return
  if (socket.connecting) return resetWhenConnected(socket)
  // A Unix socket knows no reset.
  if (socket.remoteFamily === undefined) return closeOf(socket)
  if (!socket.writableEnded || socket.writableFinished) return void socket.resetAndDestroy()
  socket.once('finish', () => resetOf(socket))
}

/** The kernel may be connected before we hear of it: then the peer is owed a reset, not an end. One that does not answer is given up. */
function resetWhenConnected(socket: Socket): void {
  const giveUp = setTimeout(() => socket.destroy(), lingers)
  socket.once('close', () => clearTimeout(giveUp))
  socket.once('connect', () => resetOf(socket))
}

/** What was written before still arrives; what the peer sends from here on goes nowhere. */
export function closeOf(socket: Socket): void {
  if (socket.destroyed) return
  const destroy = (): void => void socket.destroy()
  if (socket.connecting) return destroy()
  const limit = setTimeout(destroy, patience)
  socket.once('close', () => clearTimeout(limit))
  const linger = (): void => void setTimeout(destroy, lingers).unref()
  if (socket.writableEnded) linger()
  else endOf(socket, linger)
  socket.once('end', destroy)
  socket.resume()
}

/** Everything that was written is out, and the end behind it; or nothing can go out any more. */
export function whenSent(socket: Socket, then: () => void): void {
  if (socket.writableFinished || socket.destroyed) then()
  else socket.once('finish', then)
}

export function whenClosed(socket: Socket, then: () => void): void {
  if (socket.closed) then()
  else socket.once('close', then)
}
