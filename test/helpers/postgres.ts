/** Real PostgreSQL servers on loopback: a primary and a standby that follows it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { findInstalled } from '../../scripts/lib/components.ts'
import { makeCertificate } from './certificate.ts'
import { freePort } from './free-port.ts'
import { endProcess, stateOf, until } from './processes.ts'

export interface PostgresServer {
  readonly port: number
  /** `127.0.0.1:port`. */
  readonly name: string
  start(): Promise<void>
  /** At once, as in a crash. */
  kill(): Promise<void>
  /** Somebody has ended it. */
  ended(): boolean
  /** It holds its connections and its port, and does nothing. */
  freeze(): void
  thaw(): void
  /** One statement as superuser; the first row. */
  sql(statement: string): Promise<Record<string, unknown>>
  promote(): Promise<void>
  /** From now on it takes encrypted connections only, with a certificate that only it knows. */
  useTls(): Promise<void>
  /** Path of that certificate. */
  readonly certificate: string
}

export interface PostgresStage {
  primary: PostgresServer
  standby: PostgresServer
  end(): Promise<void>
}

export const password = 'wr1te-only'

/** The user `squall` has no rights but to connect, and logs in by password. */
export async function startPostgres(): Promise<PostgresStage> {
  const folder = mkdtempSync(join(tmpdir(), 'squall-postgres-'))
  chmodSync(folder, 0o777)
  const [primary, standby] = [serverIn(join(folder, 'one'), await freePort()), serverIn(join(folder, 'two'), await freePort())]
  run('initdb', ['--no-sync', '--auth=trust', '--username=postgres', '--pgdata', join(folder, 'one')])
  const rules = [
    'host all squall 127.0.0.1/32 scram-sha-256',
    'host all postgres 127.0.0.1/32 trust',
    'host replication postgres 127.0.0.1/32 trust',
  ]
  writeFileSync(join(folder, 'one', 'pg_hba.conf'), `${rules.join('\n')}\n`)
  await primary.start()
  await primary.sql(`create role squall login password '${password}'`)
  const from = [
    '--host=127.0.0.1',
    `--port=${primary.port}`,
    '--username=postgres',
    '--checkpoint=fast',
    '--no-sync',
    '--write-recovery-conf',
  ]
  run('pg_basebackup', [...from, `--pgdata=${join(folder, 'two')}`])
  await standby.start()
  return {
    primary,
    standby,
    async end() {
      await Promise.all([primary.kill(), standby.kill()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function serverIn(data: string, port: number): PostgresServer {
  let server: ChildProcess | null = null
  const processes = (): number[] => {
    const pid = server?.pid
    if (pid === undefined || stateOf(pid) === '') return []
    // Each backend is in a session of its own.
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
    return [pid, ...children.split(' ').filter(Boolean).map(Number)]
  }
  async function sql(statement: string): Promise<Record<string, unknown>> {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', connectionTimeoutMillis: 2000 })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query(statement)).rows[0] ?? {}
    } finally {
      await client.end()
    }
  }
  return {
    port,
    name: `127.0.0.1:${port}`,
    sql,
    async start() {
      const settings = [
        'fsync=off',
        'listen_addresses=127.0.0.1',
        'unix_socket_directories=',
        `port=${port}`,
        'shared_buffers=16MB',
        'max_connections=40',
      ]
      const [program, ...args] = asPostgres('postgres', '-D', data, ...settings.flatMap((setting) => ['-c', setting]))
      server = spawn(program, args, { stdio: 'ignore' })
      await until('postgres to answer', async () => Boolean(await sql('select 1')), 20_000)
    },
    ended: () => server === null || server.exitCode !== null || server.signalCode !== null,
    async kill() {
      if (!server) return
      const all = processes()
      const gone = endProcess(server)
      for (const pid of all.slice(1)) signal(pid, 'SIGKILL')
      await gone
      server = null
    },
    freeze: () => processes().forEach((pid) => signal(pid, 'SIGSTOP')),
    thaw: () =>
      processes()
        .toReversed()
        .forEach((pid) => signal(pid, 'SIGCONT')),
    async promote() {
      await sql('select pg_promote()')
    },
    certificate: join(data, 'server.crt'),
    async useTls() {
      makeCertificate(data, (argv) => asPostgres(...argv))
      const rules = ['hostssl all squall 127.0.0.1/32 scram-sha-256', 'host all postgres 127.0.0.1/32 trust']
      writeFileSync(join(data, 'pg_hba.conf'), `${rules.join('\n')}\n`)
      await sql('alter system set ssl = on')
      await sql('select pg_reload_conf()')
    },
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // Ended by itself.
  }
}

function run(program: string, args: readonly string[]): void {
  const [file, ...rest] = asPostgres(program, ...args)
  execFileSync(file, rest, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 })
}

/** The server refuses to run as root. */
function asPostgres(program: string, ...args: string[]): [string, ...string[]] {
  const path = findInstalled(program) ?? program
  return process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', path, ...args] : [path, ...args]
}
