/** The side of those who use a proxy of ours: a connection to its control socket. What is put through it ends with it. */
import { connect, type Socket } from 'node:net'
import { type ErrorCode, SquallError } from '../../errors.ts'
import { within } from '../../system/clock.ts'
import { readMessages, sendMessage } from '../../system/lines.ts'
import { socketAddress } from '../../system/socket-address.ts'
import type { ProxyStatus } from '../fault.ts'
import type { ProxyLease } from '../lease-type.ts'
import { type Answered, type Hello, type ProxyRequest, protocolVersion } from './protocol.ts'

export interface OwnLease extends ProxyLease {
  readonly hello: Hello
  status(): Promise<ProxyStatus>
  /** Keeps the proxy from ending as long as this connection lasts. */
  hold(holder: string): Promise<void>
  /** @throws SquallError `proxy-in-use` when others hold it; with `used` also while it is in use */
  stop(unless: 'held' | 'used'): Promise<void>
  /** Called once, when the connection is over. */
  onEnd(listener: () => void): void
}

/** ms within which a proxy must say hello. */
const helloLimit = 3_000
/** ms within which it must answer. */
const answerLimit = 5_000

const leases = new Map<string, Promise<OwnLease>>()

/**
 * The one lasting connection of this process to a proxy's control socket: what is put through it ends with it, or at `until`. When it
 * has ended, ask here again for a new one.
 * @throws SquallError `proxy-failed` when nobody is there, or another version of Squall
 */
export function proxyLease(socket: string): Promise<OwnLease> {
  const known = leases.get(socket)
  if (known) return known
  const opening = (async () => {
    const lease = await connectProxy(socket)
    if (!lease) throw new SquallError('proxy-failed', `no proxy answers at ${socket}`)
    if (lease.hello.protocol === protocolVersion) return lease
    lease.close()
    throw otherVersion(lease.hello)
  })()
  leases.set(socket, opening)
  const forget = (): void => {
    if (leases.get(socket) === opening) leases.delete(socket)
  }
  opening.then((lease) => lease.onEnd(forget), forget)
  return opening
}

export function otherVersion({ name, listen, pid, version }: Hello): SquallError {
  return new SquallError(
    'proxy-failed',
    `the proxy ${name} at ${listen} (pid ${pid}) is of Squall ${version}, which speaks another language`,
    {
      hint: `End it, and it is started anew: squall proxy stop ${name}.`,
    },
  )
}

/**
 * A connection of its own. Null: nobody is behind this socket.
 * @throws SquallError `proxy-failed` when somebody is, and says nothing
 */
export async function connectProxy(path: string): Promise<OwnLease | null> {
  const socket = await open(path)
  if (!socket) return null
  const hello = Promise.withResolvers<Hello | null>()
  const waiting = new Map<number, (answer: Answered) => void>()
  const endListeners: (() => void)[] = []
  let asked = 0
  let ended = false
  readMessages<Hello | Answered>(
    socket,
    (message) => {
      if ('hello' in message) return hello.resolve(message)
      waiting.get(message.n)?.(message)
      waiting.delete(message.n)
    },
    () => socket.destroy(),
  )
  socket.on('error', () => {}) // Its close tells.
  socket.once('close', () => {
    ended = true
    hello.resolve(null)
    const message = 'the proxy has ended'
    for (const [n, settle] of waiting) settle({ n, ok: false, error: { code: 'proxy-failed', message } })
    waiting.clear()
    for (const listener of endListeners) listener()
  })
  socket.once('end', () => socket.destroy())

  async function ask(request: ProxyRequest): Promise<unknown> {
    if (ended) throw new SquallError('proxy-failed', 'the proxy has ended')
    const n = ++asked
    socket?.ref()
    const answer = new Promise<Answered>((resolve) => waiting.set(n, resolve))
    if (socket) sendMessage(socket, { ...request, n })
    try {
      const said = await within(answer, answerLimit, () => silent(path))
      if (said.ok) return said.value
      throw new SquallError(said.error.code as ErrorCode, said.error.message)
    } finally {
      waiting.delete(n)
      // A connection that only waits keeps nobody from ending.
      if (waiting.size === 0) socket?.unref()
    }
  }

  const greeting = await within(hello.promise, helloLimit, () => silent(path)).catch((error: Error) => {
    socket.destroy()
    throw error
  })
  if (!greeting) return null
  socket.unref()
  return {
    hello: greeting,
    async put(faults, holder, until) {
      await ask({ ask: 'put', faults, holder, until })
    },
    async remove(ids) {
      await ask({ ask: 'remove', ids })
    },
    status: async () => (await ask({ ask: 'status' })) as ProxyStatus,
    async hold(holder) {
      await ask({ ask: 'lease', holder })
    },
    async stop(unless) {
      await ask({ ask: 'stop', unless })
    },
    onEnd(listener) {
      if (ended) listener()
      else endListeners.push(listener)
    },
    close: () => socket.destroy(),
  }
}

function silent(path: string): SquallError {
  return new SquallError('proxy-failed', `the proxy behind ${path} does not answer`, {
    hint: 'It may have been stopped (SIGSTOP) or the machine is overloaded; squall proxy list shows its pid.',
  })
}

/** Null when nobody listens. */
function open(path: string): Promise<Socket | null> {
  let address: ReturnType<typeof socketAddress>
  try {
    address = socketAddress(path)
  } catch {
    return Promise.resolve(null) // Not even its folder.
  }
  return new Promise((resolve, reject) => {
    const socket = connect(address.address)
    const failed = (error: NodeJS.ErrnoException): void => {
      address.done()
      if (['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(error.code ?? '')) resolve(null)
      else reject(new SquallError('proxy-failed', `the socket ${path} cannot be reached: ${error.message}`, { cause: error }))
    }
    socket.once('error', failed)
    socket.once('connect', () => {
      address.done()
      socket.off('error', failed)
      resolve(socket)
    })
  })
}
