/** One connection to a host: reused, given up when it takes too long, opened again when it has broken. */
import { within } from '../../system/clock.ts'

export interface Protocol<Client> {
  /** Connects and logs in. Until the signal's abort: that drops the connection, open or not, without waiting for the other side. */
  open(signal: AbortSignal): Promise<Client>
  /** False for an error that the server sent over a connection that is still good. */
  isBroken(error: Error): boolean
}

export interface Link<Client> {
  /** @throws TookTooLong, or what `work` throws */
  ask<Answer>(work: (client: Client) => Promise<Answer>): Promise<Answer>
  close(): void
}

export class TookTooLong extends Error {
  override readonly name = 'TookTooLong'
}

interface Connection<Client> {
  client: Promise<Client>
  abort: AbortController
}

/** `timeout` in ms: for connecting and answering together. */
export function createLink<Client>({ open, isBroken }: Protocol<Client>, timeout: number): Link<Client> {
  let current: Connection<Client> | null = null
  /** Several measures ask in the same second: a connection answers one question at a time. */
  let turn: Promise<unknown> = Promise.resolve()

  function inTurn<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const mine = turn.then(work)
    turn = mine.catch(() => {}) // Whoever asked is told.
    return mine
  }

  function connect(): Connection<Client> {
    const abort = new AbortController()
    const connection = { client: open(abort.signal), abort }
    connection.client.catch(() => forget(connection))
    current = connection
    return connection
  }

  function forget(connection: Connection<Client>): void {
    if (current === connection) current = null
    connection.abort.abort()
  }

  return {
    async ask(work) {
      let used: Connection<Client> | null = null
      let late = false
      async function attempt(): Promise<Awaited<ReturnType<typeof work>>> {
        const reused = current !== null
        used = current ?? connect()
        try {
          const { client } = used
          return await inTurn(async () => work(await client))
        } catch (error) {
          if (!isBroken(error as Error)) throw error
          forget(used)
          // The server may have been started again, or have failed over, since the last question: a fresh connection tells.
          if (reused && !late) return attempt()
          throw error
        }
      }
      return within(attempt(), timeout, () => {
        late = true
        if (used) forget(used)
        return new TookTooLong(`did not answer within ${timeout} ms`)
      })
    },
    close() {
      if (current) forget(current)
    },
  }
}
