/** Sessions of ours at a PostgreSQL server: named after the fault, found again by that name, and ended by the server itself when nobody does. */
import { createHash } from 'node:crypto'
import { Socket } from 'node:net'
import type { Client, ClientConfig } from 'pg'
import { readHost } from '../../measures/database/hosts.ts'
import { type PostgresConfig, postgresLogin } from '../../measures/database/postgres.ts'
import { wallMs } from '../../system/clock.ts'
import type { DatabasePlace } from './find.ts'
import type { Asking } from './roles.ts'

/** Plain data, part of a fault's state. */
export type SessionPlace = DatabasePlace & {
  /** The server, as the document names it. */
  host: string
  /** `application_name` of every session of this fault: the server cuts names after 63 bytes. */
  name: string
  /** ms since the epoch when the server ends them by itself. */
  until: number
}

/** Sessions of Squall's sources are called `squall`: those of faults begin with that too, so that no fault takes them for somebody else's. */
export function sessionName(mark: string): string {
  return `squall_${createHash('sha256').update(mark).digest('hex').slice(0, 16)}`
}

/** `answer`: ms that a statement may take. @throws what the driver throws */
export async function openSession(place: SessionPlace, context: Asking, { name = place.name, answer = 5_000 } = {}): Promise<Client> {
  const { Client } = (await import('pg')).default // Loaded when it is first needed: at arm, by the plan.
  const { host, port } = readHost(place.host, 5432)
  const socket = new Socket()
  const settings: ClientConfig = {
    ...(await postgresLogin(place.config as unknown as PostgresConfig, context)),
    host,
    port,
    application_name: name,
    statement_timeout: answer,
    connectionTimeoutMillis: 3_000,
    keepAlive: true,
    // Read-only: whatever a fault does, it writes nothing.
    options: '-c default_transaction_read_only=on',
    stream: () => socket,
  }
  const client = new Client(settings)
  client.on('error', () => socket.destroy())
  try {
    await client.connect()
    const left = Math.max(1_000, Math.round(place.until - wallMs()))
    await client.query(`set idle_in_transaction_session_timeout = ${left}`)
    // From version 14 on; before that the end of the connection is what ends it.
    await client.query(`select set_config(name, '${left}', false) from pg_settings where name = 'idle_session_timeout'`)
    return client
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** Asks in a session that ends right after. */
export async function askOnce<T>(place: SessionPlace, context: Asking, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await openSession(place, context, { name: 'squall' })
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}

/** How many sessions of this fault the server has. Null: the server is not there: nothing of it is. @throws when that can't be told */
export async function countSessions(place: SessionPlace, context: Asking): Promise<number | null> {
  try {
    const sql = 'select count(*)::int as n from pg_stat_activity where application_name = $1'
    return await askOnce(place, context, async (client) => (await client.query<{ n: number }>(sql, [place.name])).rows[0]?.n ?? 0)
  } catch (error) {
    if (isDown(error)) return null
    throw error
  }
}

/** Ends every session of this fault, whoever has opened it. A server that is down has none. */
export async function endSessions(place: SessionPlace, context: Asking): Promise<void> {
  const sql = 'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()'
  try {
    await askOnce(place, context, (client) => client.query(sql, [place.name]))
  } catch (error) {
    if (!isDown(error)) throw error
  }
}

/** Nobody listens there, or the server says that it is starting or stopping. */
export function isDown(error: unknown): boolean {
  const { code } = error as { code?: string }
  return code === 'ECONNREFUSED' || code === '57P03'
}
