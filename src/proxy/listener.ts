/** Where callers arrive. It can stop listening, or stop answering, and begin again at the same address. */
import { linkSync, renameSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Address, addressText } from './address.ts'
import { type Filler, fillQueue } from './filler.ts'
import { type Kept, keepListening, setBacklog } from './keeper.ts'

/** `hang`: connecting is not answered. `paused`: connections wait in the kernel's queue. `closed`: connecting is refused. */
export type Accepting = 'open' | 'closed' | 'hang' | 'paused'

export interface Listener {
  /** The real address: with the port that the kernel has chosen. */
  readonly address: string
  readonly accepting: Accepting
  /** Resolves when it is so, or when something else was wanted meanwhile. Never rejects: what goes wrong is told. */
  want(accepting: Accepting): Promise<void>
  /** It may have to pause soon: makes ready what that takes, so that it can be done from one moment to the next. */
  prepare(): Promise<void>
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
  /** Held by the keeper as well. */
  let kept: Kept | null = null
  let preparing: Promise<void> | null = null
  /** Others have asked for it to be ready; else the keeper is there only as long as it keeps. */
  let staysReady = false
  let filler: Filler | null = null
  let now: Accepting = 'closed'
  let goal: Accepting = 'open'
  let moving: Promise<void> | null = null

  async function listen(handle?: unknown): Promise<void> {
    const fresh = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
      if (filler?.isOurs(socket.remotePort)) socket.destroy()
      else onCaller(socket)
    })
    await listening(fresh, bound, handle).catch(async (error: NodeJS.ErrnoException) => {
      if (!('path' in bound) || error.code !== 'EADDRINUSE' || (await isListening(bound.path))) throw error
      rmSync(bound.path) // Of a process that was killed.
      await listening(fresh, bound, handle)
    })
    server = fresh
    const got = fresh.address()
    if ('path' in bound) address = bound.path
    else if (typeof got === 'object' && got) {
      bound = { host: bound.host, port: got.port }
      address = addressText(got.address, got.port)
    }
  }

  /** Nobody accepts; whether somebody listens depends on the keeper. */
  function close(): void {
    server?.close()
    server = null
  }

  /** Those that filled the queue go; the last of them may be accepted only a moment later, and must not be taken for callers. */
  function empty(): void {
    const mine = filler
    mine?.end()
    const forget = (): void => void (filler === mine && (filler = null))
    if (mine) setTimeout(forget, 1_000).unref()
  }

  async function shut(): Promise<void> {
    close()
    const mine = kept
    kept = null
    empty()
    await mine?.drop()
    // What was given back by the keeper is not known by its path to Node.
    if (mine && 'path' in bound) rmSync(bound.path, { force: true })
  }

  function makeReady(): Promise<void> {
    if (kept || !server) return Promise.resolve()
    preparing ??= keepListening(server)
      .then((mine) => {
        kept = mine
        mine.onLost(() => lost(mine))
      })
      .finally(() => (preparing = null))
    return preparing
  }

  function lost(mine: Kept): void {
    if (kept !== mine) return
    kept = null
    if (now !== 'hang' && now !== 'paused') return
    empty()
    now = 'closed'
    onTrouble(new Error('the process that kept the listening socket was lost'))
    void move()
  }

  /** Only when all is ready: from one moment to the next, without one in which connections are refused. */
  function letKeep(hang: boolean): void {
    if (!server) return
    if (hang) setBacklog(server, 0)
    if ('path' in bound) closeButNotItsPath(bound.path, close)
    else close()
  }

  async function intoKeeping(hang: boolean): Promise<void> {
    if (!server) await listen()
    await makeReady()
    letKeep(hang)
    if (hang) filler = await fillQueue(bound)
  }

  async function fromKeeping(): Promise<void> {
    const mine = kept
    if (!mine) return
    await listen(await mine.handle())
    empty()
    if (staysReady) return
    kept = null
    await mine.drop()
  }

  async function step(): Promise<void> {
    const to = goal
    if (to === 'closed') await shut()
    else if (now === 'hang' || now === 'paused') await fromKeeping()
    if (to === 'open' && !server) await listen()
    else if (to === 'hang' || to === 'paused') await intoKeeping(to === 'hang')
    now = to
  }

  function move(): Promise<void> {
    if (!moving && now === goal) return Promise.resolve()
    moving ??= (async () => {
      for (let failures = 0; now !== goal && failures < 3; )
        await step().catch(async (error: Error) => {
          failures++
          await shut()
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
    async prepare() {
      staysReady = true
      if (now === 'open') await makeReady().catch(onTrouble)
    },
    want(accepting) {
      goal = accepting
      if (!moving && now === 'open') {
        // These need nobody else: it is so when this returns.
        if (goal === 'closed' && !kept) close()
        if (goal === 'paused' && kept) letKeep(false)
        if (!server) now = goal
      }
      return now === goal && !moving ? Promise.resolve() : move()
    },
  }
}

/** Node takes the path of a Unix socket away with its server, and then nobody finds what the keeper keeps: it gets another name meanwhile. */
function closeButNotItsPath(path: string, close: () => void): void {
  const aside = `${path}.kept`
  rmSync(aside, { force: true })
  linkSync(path, aside)
  close()
  renameSync(aside, path)
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
