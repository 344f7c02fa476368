/** A real PostgreSQL primary and its standby on loopback, with repmgr to promote the standby when the primary has gone. Nothing is left at the end. */
import type { ChildProcess } from 'node:child_process'
import { appendFileSync, chmodSync, chownSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { postgresProgram, postmasterIn, runAsPostgres, startAsPostgres } from './postgres-programs.ts'
import { openSlowLink, type SlowLink } from './slow-link.ts'

export interface PairOptions {
  /** Where they listen; default: any two free ones. */
  ports?: readonly [number, number]
  /** Does the primary acknowledge a write before the standby has it? Default async: it does. */
  replication?: 'async' | 'sync'
  /** What repmgr does when the primary has gone; `after`: seconds that it waits first. Default automatic. */
  promotion?: 'automatic' | 'off' | { after: number }
  /** ms that replication takes each way; default 0. */
  apart?: number
  /** Starts a server some other way, e.g. in a container; its command line is for the user postgres. Gives what ends it. */
  launch?(server: PairServer, argv: readonly string[]): Promise<() => Promise<void>>
}

export interface PairServer {
  /** `127.0.0.1:PORT` */
  name: string
  port: number
  data: string
  /** Its log. */
  log: string
  start(): Promise<void>
  /** One statement as superuser; the first row. */
  sql(statement: string, database?: string): Promise<Record<string, unknown>>
}

export interface PostgresPair {
  /** The first primary. */
  one: PairServer
  two: PairServer
  hosts: [string, string]
  /** `squall` may connect, write orders and end other connections; `admin` is superuser: pg_rewind and pg_basebackup need one. */
  password: string
  folder: string
  /** What the servers and repmgr have said, for a test that failed. */
  said(): string
  end(): Promise<void>
}

const password = 'or1ons-belt'
const isRoot = process.getuid?.() === 0

export async function startPostgresPair(options: PairOptions = {}): Promise<PostgresPair> {
  const folder = mkdtempSync(join(tmpdir(), 'squall-pair-'))
  if (isRoot) giveToPostgres(folder)
  chmodSync(folder, 0o711)
  const running: ChildProcess[] = []
  const servers: PairServer[] = []
  const enders: (() => Promise<void>)[] = []
  const launch = async (server: PairServer): Promise<void> => {
    const args = ['-D', server.data, '-c', `port=${server.port}`]
    if (options.launch) enders.push(await options.launch(server, [postgresProgram('postgres') ?? 'postgres', ...args]))
    else running.push(startAsPostgres('postgres', args, server.log))
  }
  let link: SlowLink | null = null
  const pair: PostgresPair = {
    one: undefined as never,
    two: undefined as never,
    hosts: ['', ''],
    password,
    folder,
    said: () => [...servers.map(({ log }) => log), join(folder, 'repmgrd.log')].map(tail).join('\n'),
    async end() {
      for (const child of running) child.kill('SIGKILL')
      for (const finish of enders) await finish().catch(() => {})
      for (const { data } of servers) await endServer(data)
      await link?.end()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  try {
    const [first, second] = options.ports ?? [await freePort(), await freePort()]
    const one = serverIn(join(folder, 'one'), first, launch)
    const two = serverIn(join(folder, 'two'), second, launch)
    servers.push(one, two)
    Object.assign(pair, { one, two, hosts: [one.name, two.name] })
    await makePrimary(one, folder)
    if (options.apart) link = await openSlowLink(first, options.apart)
    await makeStandby(two, first, link?.port ?? first)
    const promotes = options.promotion ?? 'automatic'
    const names = [repmgrConf(folder, 1, one, promotes), repmgrConf(folder, 2, two, promotes)] as const
    await runAsPostgres('repmgr', ['-f', names[0], '--log-level=WARNING', 'primary', 'register'])
    await until(() => runAsPostgres('repmgr', ['-f', names[1], '--log-level=WARNING', 'standby', 'register', '--force']), 10_000)
    // It gives up at once where its own record has not arrived yet.
    await until(
      async () => (await two.sql('select count(*)::int as n from repmgr.nodes', 'repmgr')).n === 2 || fail('not registered'),
      15_000,
    )
    running.push(startAsPostgres('repmgrd', ['-f', names[1], '--no-pid-file', '--daemonize=false'], join(folder, 'repmgrd.log'), 'KILL'))
    await until(() => mustSay(join(folder, 'repmgrd.log'), /starting monitoring of node/), 15_000)
    // Last, since from then on nothing is acknowledged without the standby; its own settings stay as they are.
    if (options.replication === 'sync') await one.sql("alter system set synchronous_standby_names = '*'")
    await one.sql('select pg_reload_conf()')
    return pair
  } catch (error) {
    const said = pair.said()
    await pair.end()
    throw new Error(`${(error as Error).message}\n${said}`, { cause: error })
  }
}

function serverIn(data: string, port: number, launch: (server: PairServer) => Promise<void>): PairServer {
  const log = `${data}.log`
  const sql = async (statement: string, database = 'postgres'): Promise<Record<string, unknown>> => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database, connectionTimeoutMillis: 2000 })
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query<Record<string, unknown>>(statement)).rows?.[0] ?? {}
    } finally {
      await client.end().catch(() => {})
    }
  }
  const server: PairServer = {
    name: `127.0.0.1:${port}`,
    port,
    data,
    log,
    sql,
    async start() {
      await launch(server)
      await until(() => sql('select 1'), 20_000)
    },
  }
  return server
}

async function makePrimary(one: PairServer, folder: string): Promise<void> {
  await runAsPostgres('initdb', ['--no-sync', '--auth=trust', '--username=postgres', '--pgdata', one.data])
  const settings = [
    "listen_addresses = '127.0.0.1'",
    `unix_socket_directories = '${folder}'`,
    'fsync = off',
    'shared_buffers = 16MB',
    'max_connections = 60',
    'wal_log_hints = on', // pg_rewind needs it.
    'wal_keep_size = 128MB',
    "shared_preload_libraries = 'repmgr'",
    'wal_sender_timeout = 5s',
    'wal_receiver_timeout = 5s',
  ]
  appendFileSync(join(one.data, 'postgresql.conf'), `${settings.join('\n')}\n`)
  const rules = [
    'local all all trust',
    'host all postgres,repmgr 127.0.0.1/32 trust',
    'host replication postgres,repmgr 127.0.0.1/32 trust',
  ]
  rules.push('host all squall,admin 127.0.0.1/32 scram-sha-256', 'host replication admin 127.0.0.1/32 scram-sha-256')
  writeFileSync(join(one.data, 'pg_hba.conf'), `${rules.join('\n')}\n`)
  await one.start()
  await one.sql(`create role squall login password '${password}' in role pg_monitor, pg_signal_backend;
    create role admin superuser replication login password '${password}';
    create role repmgr superuser replication login;
    create table orders (id bigint generated always as identity primary key, at timestamptz not null default now());
    grant all on orders to squall; checkpoint`)
  await one.sql('create database repmgr owner repmgr')
}

async function makeStandby(two: PairServer, from: number, follows: number): Promise<void> {
  const conninfo = (port: number): string => `host=127.0.0.1 port=${port} user=repmgr application_name=two`
  await runAsPostgres('pg_basebackup', [
    '-d',
    conninfo(from),
    '--checkpoint=fast',
    '--no-sync',
    '--write-recovery-conf',
    `--pgdata=${two.data}`,
  ])
  appendFileSync(join(two.data, 'postgresql.auto.conf'), `primary_conninfo = '${conninfo(follows)}'\n`)
  await two.start()
}

function repmgrConf(folder: string, node: number, { port, data }: PairServer, promotes: NonNullable<PairOptions['promotion']>): string {
  const path = join(folder, `repmgr-${node}.conf`)
  const wait = typeof promotes === 'object' ? `sleep ${promotes.after}; ` : ''
  const repmgr = postgresProgram('repmgr')
  const bin = dirname(postgresProgram('postgres') ?? '')
  const settings = [
    `node_id=${node}`,
    `node_name='node${node}'`,
    `conninfo='host=127.0.0.1 port=${port} user=repmgr dbname=repmgr connect_timeout=1'`,
    `data_directory='${data}'`,
    `pg_bindir='${bin}'`,
    `failover='${promotes === 'off' ? 'manual' : 'automatic'}'`,
    'monitor_interval_secs=1',
    'reconnect_attempts=3',
    'reconnect_interval=1',
    `promote_command='${wait}${repmgr} -f ${path} standby promote'`,
    `follow_command='${repmgr} -f ${path} standby follow --upstream-node-id=%n'`,
    'log_level=INFO',
  ]
  writeFileSync(path, `${settings.join('\n')}\n`, { mode: 0o644 })
  return path
}

function giveToPostgres(path: string): void {
  const [, , uid = '', gid = ''] = (/^postgres:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0] ?? '').split(':')
  chownSync(path, Number(uid), Number(gid))
}

/** Whoever has started it. Its own children end when they notice. */
async function endServer(data: string): Promise<void> {
  const pid = postmasterIn(data)
  // In a container of its own it is another pid for us.
  if (pid === null || !worksIn(pid, data)) return
  const children = readChildren(pid)
  for (const one of [pid, ...children]) signal(one, 'SIGKILL')
  await until(() => Promise.resolve([pid, ...children].some(isAlive) ? fail('it does not end') : true), 5_000).catch(() => {})
}

function worksIn(pid: number, data: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === data
  } catch {
    return false
  }
}

function readChildren(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // Ended by itself.
  }
}

function tail(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(-1_500)
  } catch {
    return ''
  }
}

function fail(why: string): never {
  throw new Error(why)
}

async function mustSay(file: string, what: RegExp): Promise<true> {
  return Promise.resolve(what.test(readFileSync(file, 'utf8')) || fail(`${file} does not say ${String(what)}`))
}

async function until(works: () => Promise<unknown>, ms: number): Promise<void> {
  for (const end = Date.now() + ms; ; ) {
    try {
      await works()
      return
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
