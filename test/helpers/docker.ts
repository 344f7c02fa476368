/**
 * A real Docker engine, Debian's `dockerd` started by hand in a private folder and mount namespace, with an image made from programs of this
 * machine. The machine's own networks and tables stay as they are. What a killed test has left is removed when the next one starts.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findInstalled } from '../../scripts/lib/components.ts'
import { type Engine, openEngine } from '../../src/faults/container/engine.ts'
import type { Inspected } from '../../src/faults/container/inspect.ts'
import { cgroupOf, linkPrefix, ownFolder, removeLeftovers, removeOthersLeftovers } from './docker-leftovers.ts'
import { endProcess, until } from './processes.ts'

export interface DockerEngine {
  /** `unix:///…`, for DOCKER_HOST. */
  readonly url: string
  readonly engine: Engine
  /** Starts a container; returns its id. */
  run(options: RunOptions): Promise<string>
  inspect(id: string): Promise<Inspected>
  /** Without a subnet the engine chooses one, and gives the addresses in it. */
  network(name: string, subnet?: string): Promise<string>
  /** Runs a program in a container and gives what it prints. */
  exec(id: string, ...command: string[]): Promise<string>
  remove(id: string): Promise<void>
  /** Ends the engine and everything in it, and leaves nothing. */
  end(): Promise<void>
}

export interface RunOptions {
  name: string
  command: readonly string[]
  labels?: Record<string, string>
  network?: string
  env?: Record<string, string>
  /** More of the engine's HostConfig. */
  host?: Record<string, unknown>
  /** `1234/tcp` ports that get a port of 127.0.0.1. */
  publish?: Record<string, number>
  /** The programs of this machine, read-only, instead of busybox alone. */
  hostPrograms?: true
  /** More of the container's configuration, e.g. StopSignal. */
  config?: Record<string, unknown>
}

/** Why there can be none here; undefined: there can. */
export function whyNoDocker(): string | undefined {
  if (process.getuid?.() !== 0) return 'a Docker engine of our own needs root'
  return ['dockerd', 'busybox'].map((program) => (findInstalled(program) ? undefined : `${program} is not installed`)).find(Boolean)
}

const image = 'squall-test'
const applets = ['sh', 'sleep', 'cat', 'nc', 'ip', 'ping', 'wget', 'httpd', 'nslookup', 'touch', 'kill', 'true', 'dd', 'df', 'ps', 'mkdir']
/** Debian keeps all programs below /usr; the other folders are links to it. */
const folders = ['usr', 'etc/alternatives', 'etc/ssl']

export async function startDocker(): Promise<DockerEngine> {
  removeOthersLeftovers()
  const folder = mkdtempSync(join(tmpdir(), `squall-docker-${process.pid}-`))
  ownFolder(folder)
  const url = `unix://${join(folder, 's')}`
  const daemon = startDaemon(folder, url)
  const endNow = (): void => removeLeftovers(folder)
  process.once('exit', endNow)
  const engine = openEngine({ url })
  const networks: string[] = []
  const containers = new Set<string>()
  try {
    await until(
      'the Docker engine to answer',
      () =>
        engine.call('GET', '/info', { timeout: 1_000 }).then(
          () => true,
          () => false,
        ),
      20_000,
    )
    await importImage(engine, folder)
  } catch (error) {
    const said = readFileSync(join(folder, 'log'), 'utf8').slice(-2_000)
    await endEngine(daemon, folder)
    process.off('exit', endNow)
    throw new Error(`${(error as Error).message}: ${said}`, { cause: error })
  }
  return {
    url,
    engine,
    async run(options) {
      const { Id } = await engine.call<{ Id: string }>('POST', '/containers/create', {
        query: { name: options.name },
        body: configOf(options),
      })
      containers.add(Id)
      await engine.call('POST', `/containers/${Id}/start`)
      return Id
    },
    inspect: (id) => engine.call<Inspected>('GET', `/containers/${id}/json`),
    async network(name, subnet) {
      const { Id } = await engine.call<{ Id: string }>('POST', '/networks/create', {
        body: {
          Name: name,
          ...(subnet && { IPAM: { Config: [{ Subnet: subnet }] } }),
          Options: { 'com.docker.network.bridge.name': `${linkPrefix(folder)}${networks.length}` },
        },
      })
      networks.push(Id)
      return Id
    },
    async exec(id, ...command) {
      const body = { Cmd: command, AttachStdout: true, AttachStderr: true, Tty: true }
      const { Id } = await engine.call<{ Id: string }>('POST', `/containers/${id}/exec`, { body })
      const said = await engine.call<string>('POST', `/exec/${Id}/start`, { body: { Tty: true }, text: true })
      return said.replaceAll('\r', '')
    },
    async remove(id) {
      containers.delete(id)
      await engine.call('DELETE', `/containers/${id}`, { query: { force: true, v: true } }).catch(() => {})
    },
    async end() {
      const all = await engine.call<{ Id: string }[]>('GET', '/containers/json', { query: { all: true } }).catch(() => [])
      await Promise.all(
        all.map(({ Id }) => engine.call('DELETE', `/containers/${Id}`, { query: { force: true, v: true } }).catch(() => {})),
      )
      for (const id of networks) await engine.call('DELETE', `/networks/${id}`).catch(() => {})
      await endEngine(daemon, folder)
      process.off('exit', endNow)
    },
  }
}

function startDaemon(folder: string, url: string): ChildProcess {
  const log = openSync(join(folder, 'log'), 'w')
  const argv = [
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid'), '--host', url],
    ...['--iptables=false', '--ip6tables=false', '--bridge=none', '--ip-forward=false', '--ip-masq=false', '--log-level=error'],
    ...['--cgroup-parent', cgroupOf(folder), '--exec-opt', 'native.cgroupdriver=cgroupfs', '--shutdown-timeout=1'],
  ]
  const dockerd = findInstalled('dockerd') ?? 'dockerd'
  // setpriv: a test that is killed takes its engine along. unshare: its mounts are nobody else's, and go with it.
  const wrapped = ['--pdeathsig', 'TERM', '--', 'unshare', '--mount', '--propagation', 'private', dockerd, ...argv]
  const daemon = spawn('setpriv', wrapped, { stdio: ['ignore', log, log] })
  closeSync(log)
  return daemon
}

function configOf({ command, labels = {}, network, env = {}, host = {}, publish = {}, hostPrograms, config = {} }: RunOptions): object {
  const binds = hostPrograms ? folders.filter((name) => existsSync(`/${name}`)).map((name) => `/${name}:/${name}:ro`) : []
  return {
    Image: image,
    Cmd: command,
    Labels: labels,
    Env: Object.entries({ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...env }).map(
      ([name, value]) => `${name}=${value}`,
    ),
    ExposedPorts: Object.fromEntries(Object.keys(publish).map((port) => [port, {}])),
    HostConfig: {
      NetworkMode: network ?? 'none',
      Binds: binds,
      PortBindings: Object.fromEntries(
        Object.entries(publish).map(([inside, port]) => [inside, [{ HostIp: '127.0.0.1', HostPort: String(port) }]]),
      ),
      ...host,
    },
    ...config,
  }
}

/** busybox and its applets; empty folders where the machine's programs can be mounted. */
async function importImage(engine: Engine, folder: string): Promise<void> {
  const root = join(folder, 'image')
  for (const name of ['bb', 'tmp', 'proc', 'dev', 'var/lib', 'run', 'root', ...folders]) mkdirSync(join(root, name), { recursive: true })
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name))
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) mkdirSync(join(root, 'usr', name), { recursive: true })
  execFileSync('cp', [findInstalled('busybox') ?? 'busybox', join(root, 'usr/bin/busybox')])
  for (const name of applets) symlinkSync('busybox', join(root, 'usr/bin', name))
  const tar = execFileSync('tar', ['-C', root, '-c', '.'], { maxBuffer: 64 * 1024 * 1024 })
  await engine.call('POST', '/images/create', { query: { fromSrc: '-', repo: image, tag: 'latest' }, body: tar, text: true })
  rmSync(root, { recursive: true })
}

async function endEngine(daemon: ChildProcess, folder: string): Promise<void> {
  daemon.kill('SIGTERM')
  await until('the Docker engine to end', () => daemon.exitCode !== null || daemon.signalCode !== null, 20_000).catch(() =>
    endProcess(daemon),
  )
  removeLeftovers(folder)
}
