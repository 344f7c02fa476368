/**
 * A child process that holds our listening socket while nobody accepts. Node accepts whatever it listens to; but a listening socket that is
 * handed to a child, as node:cluster hands them, stays open there without being read.
 */
import type { Server } from 'node:net'
import { type Child, startChild } from '../system/children.ts'
import { within } from '../system/clock.ts'
import { entryPath } from '../system/entry.ts'

export interface Keeper {
  /** Takes over what `server` listens with; it may be closed then. */
  keep(server: Server): Promise<void>
  /** What was kept, to listen with again. */
  giveBack(): Promise<unknown>
  end(): void
  /** Calls when the child has ended unasked: what it kept is lost. */
  onLost(listener: () => void): void
}

/** ms for a child that starts, or that answers. */
const patience = 10_000

export function startKeeper(): Keeper {
  const child: Child = startChild({
    argv: [process.execPath, entryPath('listener-keeper')],
    role: 'listener-keeper',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  let ended = false
  const ipc = child.process
  ipc?.unref()
  ipc?.channel?.unref()
  const lost = new Error('the process that keeps the listening socket has ended')

  function ask(message: { say: string }, answer: string, handle?: unknown): Promise<unknown> {
    const asked = new Promise<unknown>((resolve, reject) => {
      void child.exited.then(() => reject(lost))
      const onMessage = (told: { say?: string }, got: unknown): void => {
        if (told.say !== answer) return
        ipc.off('message', onMessage as never)
        resolve(got)
      }
      ipc.on('message', onMessage as never)
      ipc.send(message, handle as never, (error) => {
        if (error) reject(error)
      })
    })
    return within(asked, patience, () => new Error('the process that keeps the listening socket does not answer'))
  }

  return {
    keep: (server) => ask({ say: 'keep' }, 'kept', innerOf(server)).then(() => {}),
    giveBack: () => ask({ say: 'give back' }, 'here'),
    end() {
      ended = true
      child.kill()
    },
    onLost(listener) {
      void child.exited.then(() => {
        if (!ended) listener()
      })
    },
  }
}

/** The kernel keeps at most so many connections waiting for it. Node says it only once, when it begins to listen. */
export function setBacklog(server: Server, backlog: number): void {
  innerOf(server)?.listen?.(backlog)
}

function innerOf(server: Server): { listen?(backlog: number): number } | undefined {
  return (server as unknown as { _handle?: { listen?(backlog: number): number } })._handle
}
