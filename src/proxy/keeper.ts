/**
 * A child process that holds our listening sockets too, so that we can close them and nobody accepts. Node accepts whatever it listens to;
 * but a listening socket that is handed to a child, as node:cluster hands them, stays open there without being read. One child serves all
 * proxies of the process.
 */
import type { Server } from 'node:net'
import { type Child, startChild } from '../system/children.ts'
import { within } from '../system/clock.ts'
import { entryPath } from '../system/entry.ts'

export interface Kept {
  /** What is kept, to listen with again; it is kept all the same. */
  handle(): Promise<unknown>
  /** It is not needed any more. Resolves when only we have the socket, if we have it still. */
  drop(): Promise<void>
  /** Calls when the child has ended unasked. */
  onLost(listener: () => void): void
}

interface Running {
  child: Child
  users: number
}

/** What the child answers; `id` says to which question. */
interface Told {
  id?: number
}

/** ms for a child that starts, or that answers. */
const patience = 10_000

let running: Running | null = null
let asked = 0

/** Resolves when the child has it: from then on `server` can be closed at any moment. */
export async function keepListening(server: Server): Promise<Kept> {
  running ??= start()
  const mine = running
  mine.users++
  let dropped = false
  const key = ++asked
  const drop = async (): Promise<void> => {
    if (dropped) return
    dropped = true
    mine.users--
    if (mine.users > 0) return void (await ask(mine.child, { say: 'drop', key }).catch(() => {})) // It has ended: then it is dropped.
    if (running === mine) running = null
    mine.child.kill()
    await mine.child.exited
  }
  await ask(mine.child, { say: 'keep', key }, innerOf(server)).catch(async (error: Error) => {
    await drop()
    throw error
  })
  return {
    handle: () => ask(mine.child, { say: 'hand over', key }),
    drop,
    onLost(listener) {
      void mine.child.exited.then(() => {
        if (!dropped) listener()
      })
    },
  }
}

function start(): Running {
  const child = startChild({
    argv: [process.execPath, entryPath('listener-keeper')],
    role: 'listener-keeper',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  child.process?.setMaxListeners(0)
  child.process?.unref()
  child.process?.channel?.unref()
  const mine = { child, users: 0 }
  void child.exited.then(() => {
    if (running === mine) running = null
  })
  return mine
}

function ask(child: Child, message: { say: string; key: number }, handle?: unknown): Promise<unknown> {
  const id = ++asked
  const answer = new Promise<unknown>((resolve, reject) => {
    const settle = (): void => void child.process?.off('message', onMessage as never)
    const fail = (error: Error): void => {
      settle()
      reject(error)
    }
    function onMessage(told: Told, got: unknown): void {
      if (told.id !== id) return
      settle()
      resolve(got)
    }
    void child.exited.then(() => fail(new Error('the process that keeps the listening socket has ended')))
    child.process?.on('message', onMessage as never)
    child.process?.send({ ...message, id }, handle as never, (error) => {
      if (error) fail(error)
    })
  })
  return within(answer, patience, () => new Error('the process that keeps the listening socket does not answer'))
}

/** The kernel keeps at most so many connections waiting for it. Node says it only once, when it begins to listen. */
export function setBacklog(server: Server, backlog: number): void {
  innerOf(server)?.listen?.(backlog)
}

function innerOf(server: Server): { listen?(backlog: number): number } | undefined {
  return (server as unknown as { _handle?: { listen?(backlog: number): number } })._handle
}
