/** What can be asked of PostgreSQL servers, each as one reading from their answers. */
import type { Client } from 'pg'
import type { Unit } from '../../document/experiment.ts'
import type { Reading } from '../source.ts'
import type { Host } from './hosts.ts'
import { type Answer, countPrimaries, onlyPrimary, toldRole, whyNot } from './roles.ts'

/** What a server says of itself when it is asked for its role. */
export interface ServerFacts {
  standby: boolean
  /** When it was started: no two servers, and no server twice, were started in the same microsecond. */
  started: string
  /** The process that serves our connection: a server that recovers from a crash ends it and keeps its own start. */
  backend: number
  /** Bytes of the write-ahead log that a standby has replayed; null on a primary, or before it replayed any. */
  replayed: number | null
}

export type Answers = readonly Answer<ServerFacts>[]

/** Asks one host; rejects when it cannot be asked. */
export type AskHost = <T>(host: Host, work: (client: Client) => Promise<T>) => Promise<T>

export interface PostgresQuery {
  /** Absent: only the author knows it. */
  unit?: Unit
  read(answers: Answers, ask: AskHost): Promise<Reading>
  /** Before the run, where a reading is not to be had yet: missing when none will be. Default: `read`. */
  tryOut?(answers: Answers, ask: AskHost): Promise<Reading>
}

export async function askRole(client: Client): Promise<ServerFacts> {
  const { rows } = await client.query<Omit<ServerFacts, 'replayed'> & { replayed: string | null }>(
    "select pg_is_in_recovery() as standby, pg_postmaster_start_time()::text as started, pg_backend_pid() as backend, pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') as replayed",
  )
  const [row] = rows
  if (!row) throw new Error('gave no row')
  return { ...row, replayed: row.standby && row.replayed !== null ? Number(row.replayed) : null }
}

export const postgresQueries: Readonly<Record<string, PostgresQuery>> = {
  primaries: { unit: 'count', read: async (answers) => countPrimaries(answers) },
  writable: { unit: 'count', read: readWritable },
  timeline: {
    unit: 'count',
    // The name of a log file begins with it; what the control file says of it is as old as the last checkpoint.
    read: (answers, ask) =>
      readNumber(answers, ask, "select ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int as timeline"),
  },
  lag: { unit: 'bytes', read: readLag },
  connections: {
    unit: 'count',
    read: (answers, ask) => readNumber(answers, ask, 'select sum(numbackends) from pg_stat_database where datid <> 0'),
  },
}

/** On how many servers a transaction has just been committed: with a number of its own it is in the log, and no table is touched. */
async function readWritable(answers: Answers, ask: AskHost): Promise<Reading> {
  const primaries = countPrimaries(answers)
  if ('missing' in primaries) return primaries
  const tried = answers
    .filter(({ is }) => is === 'primary')
    .map(({ host }) => ask(host, (client) => client.query('select pg_current_xact_id()')))
  const done = await Promise.allSettled(tried)
  return { value: done.filter(({ status }) => status === 'fulfilled').length }
}

/**
 * Bytes of log that the furthest standby has yet to replay. The standbys were asked before the primary is: one that follows it can only be
 * behind, so one that is ahead follows another history.
 */
async function readLag(answers: Answers, ask: AskHost): Promise<Reading> {
  const primary = onlyPrimary(answers)
  if ('missing' in primary) return primary
  if (!answers.every(toldRole)) return { missing: `not every standby can be asked: ${whyNot(answers)}` }
  const standbys = answers.filter(({ is }) => is === 'standby')
  if (standbys.length === 0) return { missing: 'there is no standby among the hosts' }
  const silent = standbys.find(({ facts }) => facts.replayed === null)
  if (silent) return { missing: `${silent.host.name} has replayed nothing yet` }
  const written = await ask(primary.host, (client) => oneNumber(client, "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as written"))
  if (!('value' in written)) return written
  const behind = standbys.map(({ host, facts }) => ({ host, bytes: written.value - (facts.replayed ?? 0) }))
  const ahead = behind.find(({ bytes }) => bytes < 0)
  if (ahead) return { missing: `${ahead.host.name} is ahead of the primary: it does not follow it` }
  return { value: Math.max(...behind.map(({ bytes }) => bytes)) }
}

/** The one number that a statement gives on the primary. */
export async function readNumber(answers: Answers, ask: AskHost, sql: string): Promise<Reading> {
  const primary = onlyPrimary(answers)
  return 'missing' in primary ? primary : ask(primary.host, (client) => oneNumber(client, sql))
}

/** int2, int4, int8, float4, float8, numeric: what the driver gives as a number, or as text lest digits are lost. */
const numeric = [20, 21, 23, 700, 701, 1700]

async function oneNumber(client: Client, sql: string): Promise<Reading> {
  const { rows, fields } = await client.query<unknown[]>({ text: sql, rowMode: 'array' })
  const [value] = rows[0] ?? []
  const [field] = fields
  if (rows.length !== 1 || fields.length !== 1 || !field)
    return { missing: `the statement gave ${rows.length} rows of ${fields.length} columns, not one number` }
  if (value === null) return { missing: `${field.name} is null` }
  if (!numeric.includes(field.dataTypeID)) return { missing: `${field.name} is no number` }
  // numeric and float8 know NaN and Infinity.
  return Number.isFinite(Number(value)) ? { value: Number(value) } : { missing: `${field.name} is ${String(value)}` }
}
