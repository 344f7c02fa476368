/** Fills the queue of a listening socket from which nobody accepts, so that the kernel does not answer any more. */
import { connect, type Socket } from 'node:net'
import { sleep } from '../system/clock.ts'
import type { Address } from './address.ts'

export interface Filler {
  /** One of the connections that fill the queue has been accepted after all. */
  isOurs(remotePort: number | undefined): boolean
  end(): void
}

/** ms after which a connection counts as not answered. */
const silent = 150
/** The queue takes one or two when it was made as short as possible. */
const most = 16

export async function fillQueue(at: Address): Promise<Filler> {
  const sockets: Socket[] = []
  for (let full = false; !full && sockets.length < most; ) {
    const socket = 'path' in at ? connect(at.path) : connect({ port: at.port, host: reachable(at.host) })
    sockets.push(socket)
    socket.on('error', () => {}) // A Unix socket says so when the queue is full.
    const answered = new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('close', () => resolve(false))
    })
    full = !(await Promise.race([answered, sleep(silent).then(() => false)]))
  }
  const ports = new Set(sockets.map((socket) => socket.localPort))
  return {
    isOurs: (remotePort) => remotePort !== undefined && ports.has(remotePort),
    end() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

function reachable(host: string | null): string {
  if (host === null || host === '0.0.0.0' || host === 'localhost') return '127.0.0.1'
  return host === '::' ? '::1' : host
}
