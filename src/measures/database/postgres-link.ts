/** Connections to PostgreSQL: read-only, with an end to everything. */
import { Socket } from 'node:net'
import type { Client, ClientConfig } from 'pg'
import type { Host } from './hosts.ts'
import { createLink, type Link } from './link.ts'

export interface PostgresLogin {
  user: string
  /** Absent: as psql does it, by PGPASSWORD or ~/.pgpass. */
  password?: string
  database: string
  ssl: NonNullable<ClientConfig['ssl']>
}

/** `login` is called for each connection: what it reads is kept nowhere. `timeout` in ms. */
export function postgresLink({ host, port }: Host, login: () => Promise<PostgresLogin>, timeout: number): Link<Client> {
  return createLink<Client>(
    {
      async open(signal) {
        const settings = await login()
        const { Client } = (await import('pg')).default // Loaded when it is first needed: reading a document must stay fast.
        const socket = new Socket()
        const client = new Client({
          ...settings,
          host,
          port,
          application_name: 'squall',
          statement_timeout: timeout,
          // A measure must not change what it measures.
          options: '-c default_transaction_read_only=on',
          // Ours, so that it can be dropped while the other side hangs.
          stream: () => socket,
        })
        client.on('error', () => {}) // Between two questions: the next one finds out.
        const drop = (): void => void socket.destroy()
        signal.addEventListener('abort', drop, { once: true })
        if (signal.aborted) drop()
        await client.connect()
        return client
      },
      isBroken: (error) => (error as { severity?: string }).severity !== 'ERROR',
    },
    timeout,
  )
}
