/** Where callers arrive. It can stop listening and begin again at the same address. */
import { createServer, type Server, type Socket } from 'node:net'
import { type Address, addressText } from './address.ts'

export interface Listener {
  /** The real address: with the port that the kernel has chosen. */
  readonly address: string
  /** Nobody listens: connecting is refused. */
  close(): void
  /** Listens again, at the same port. */
  open(): Promise<void>
  readonly isOpen: boolean
}

export async function listenAt(wanted: Address, onCaller: (socket: Socket) => void): Promise<Listener> {
  let server: Server | null = null
  let address = ''
  /** As wanted, with the port that we have got. */
  let bound = wanted

  let wantsOpen = false
  /** Opening takes turns of the event loop, in which it may be told to close and to open again: one after the other. */
  let opening: Promise<void> | null = null

  async function settle(): Promise<void> {
    while (wantsOpen && !server) {
      const fresh = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, onCaller)
      await listening(fresh, bound)
      if (wantsOpen) noteOpen(fresh)
      else fresh.close()
    }
  }

  function noteOpen(fresh: Server): void {
    server = fresh
    const got = fresh.address()
    if (typeof got === 'object' && got && !('path' in bound)) {
      bound = { host: bound.host, port: got.port }
      address = addressText(got.address, got.port)
    } else if ('path' in bound) address = bound.path
  }

  function open(): Promise<void> {
    wantsOpen = true
    opening ??= settle().finally(() => (opening = null))
    return opening
  }

  await open()
  return {
    get address() {
      return address
    },
    get isOpen() {
      return server !== null
    },
    open,
    close() {
      wantsOpen = false
      server?.close()
      server = null
    },
  }
}

function listening(server: Server, at: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      server.on('error', () => {}) // Of single connections that were gone before they could be accepted.
      resolve()
    })
    if ('path' in at) server.listen({ path: at.path })
    else server.listen({ port: at.port, host: at.host === 'localhost' ? '127.0.0.1' : (at.host ?? '::'), backlog: 1024 })
  })
}
