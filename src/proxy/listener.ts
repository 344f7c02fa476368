/** Where callers arrive. It can stop listening, or stop answering, and begin again at the same address. */
import { rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Address, addressText } from './address.ts'
import { type Filler, fillQueue } from './filler.ts'
import { type Keeper, setBacklog, startKeeper } from './keeper.ts'

/** `hang`: connecting is not answered. `paused`: connections wait in the kernel's queue. `closed`: connecting is refused. */
export type Accepting = 'open' | 'closed' | 'hang' | 'paused'

export interface Listener {
  /** The real address: with the port that the kernel has chosen. */
  readonly address: string
  readonly accepting: Accepting
  /** Resolves when it is so, or when something else was wanted meanwhile. Never rejects: what goes wrong is told. */
  want(accepting: Accepting): Promise<void>
  /** It may have to pause soon: makes ready what that takes. */
  prepare(): void
}

/** ms after which it is tried again to be as wanted. */
const againAfter = 200
/** Connections that may wait for being accepted. */
const backlog = 1024

export async function listenAt(wanted: Address, onCaller: (socket: Socket) => void, onTrouble: (error: Error) => void): Promise<Listener> {
  let server: Server | null = null
  let address = ''
  /** As wanted, with the port that we have got. */
  let bound = wanted
  let keeper: Keeper | null = null
  let ready: Keeper | null = null
  let filler: Filler | null = null
  let now: Accepting = 'closed'
  let goal: Accepting = 'open'
  let moving: Promise<void> | null = null

  async function listen(kept?: unknown): Promise<void> {
    const fresh = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
      if (filler?.isOurs(socket.remotePort)) socket.destroy()
      else onCaller(socket)
    })
    await listening(fresh, bound, kept).catch(async (error: NodeJS.ErrnoException) => {
      if (!('path' in bound) || error.code !== 'EADDRINUSE' || (await isListening(bound.path))) throw error
      rmSync(bound.path) // Of a process that was killed.
      await listening(fresh, bound, kept)
    })
    server = fresh
    const got = fresh.address()
    if ('path' in bound) address = bound.path
    else if (typeof got === 'object' && got) {
      bound = { host: bound.host, port: got.port }
      address = addressText(got.address, got.port)
    }
  }

  function close(): void {
    server?.close()
    server = null
  }

  async function intoKeeping(hang: boolean): Promise<void> {
    if (!server) await listen()
    const held = server as unknown as Server
    keeper = ready ?? startKeeper()
    ready = null
    const mine = keeper
    if (hang) setBacklog(held, 0)
    await mine.keep(held)
    close()
    mine.onLost(() => {
      if (keeper !== mine) return
      keeper = null
      filler?.end()
      now = 'closed'
      onTrouble(new Error('the process that kept the listening socket was lost'))
      void move()
    })
    if (hang) filler = await fillQueue(bound)
  }

  async function fromKeeping(): Promise<void> {
    const mine = keeper
    if (!mine) return
    const kept = await mine.giveBack()
    keeper = null
    await listen(kept)
    mine.end()
    filler?.end()
  }

  async function step(): Promise<void> {
    const to = goal
    if (now === 'hang' || now === 'paused') await fromKeeping()
    if (to === 'open' && !server) await listen()
    else if (to === 'closed') close()
    else if (to === 'hang' || to === 'paused') await intoKeeping(to === 'hang')
    now = to
  }

  function move(): Promise<void> {
    moving ??= (async () => {
      for (let failures = 0; now !== goal && failures < 3; )
        await step().catch((error: Error) => {
          failures++
          keeper?.end()
          keeper = null
          close()
          now = 'closed'
          onTrouble(error)
        })
      moving = null
      // Somebody has taken the port meanwhile, and may leave it.
      if (now !== goal) setTimeout(move, againAfter).unref()
    })()
    return moving
  }

  await listen()
  now = 'open'
  return {
    get address() {
      return address
    },
    get accepting() {
      return now
    },
    prepare() {
      if (ready || keeper) return
      const mine = startKeeper()
      ready = mine
      mine.onLost(() => {
        if (ready === mine) ready = null
      })
    },
    want(accepting) {
      goal = accepting
      if (accepting === 'closed') ready?.end()
      if (accepting === 'closed') ready = null
      // Refusing and closing need nobody else: it is so when this returns.
      if (!moving && goal === 'closed' && now === 'open') {
        close()
        now = 'closed'
      }
      return now === goal && !moving ? Promise.resolve() : move()
    },
  }
}

/** Somebody answers at this Unix socket. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}

function listening(server: Server, at: Address, kept: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      server.on('error', () => {}) // Of single connections that were gone before they could be accepted.
      resolve()
    })
    if (kept) server.listen(kept, backlog)
    else if ('path' in at) server.listen({ path: at.path, backlog })
    else server.listen({ port: at.port, host: at.host === 'localhost' ? '127.0.0.1' : (at.host ?? '::'), backlog })
  })
}
