/** The programs that listen on this machine, which of them belong to a folder, and who is connected to whom. Reads /proc, contacts nobody. */
import { readFileSync } from 'node:fs'
import { basename, isAbsolute, relative } from 'node:path'
import type { TargetQuery } from '../../document/experiment.ts'
import { findProcesses, isSqualls, labelsOf } from '../../faults/process/find.ts'
import { programName } from '../../faults/resolve.ts'
import { ancestorsOf, ownerOf, readCommandLine, readFolder, readStat } from '../../system/proc.ts'
import { socketHolders, type TcpSocket, tcpSockets } from '../../system/tcp-table.ts'
import { whyLeftAlone } from './left-alone.ts'

export interface Service {
  /** How people call it: its label `service`, or its script, or its program. */
  name: string
  /** `node orders.ts`. */
  program: string
  /** The processes that share its sockets, the oldest first. */
  pids: [number, ...number[]]
  /** The port it is known by comes first. */
  ports: number[]
  /** `127.0.0.1` or `[::1]`; null when it listens on no loopback address. */
  host: string | null
  /** Its port was not given by chance: it lies below those the kernel hands out. */
  fixedPort: boolean
  /** Finds these processes and no others: by labels where they have some of their own, else by port. */
  query: TargetQuery
  /** Runs in the folder that was looked at, or from it. */
  here: boolean
  /** Services that it has connections to. */
  calls: Service[]
  /** Why it is not for a first experiment. */
  leftAlone?: string
}

/** All of them, by port. `root`: the folder whose programs count as `here`; null when that would be everything. */
export function listServices(root: string | null): Service[] {
  const sockets = tcpSockets()
  const holders = socketHolders(new Set(sockets.map(({ inode }) => inode)))
  const listening = sockets.filter(({ state }) => state === 'listening')
  const groups = Map.groupBy(
    listening.filter(({ inode }) => holders.has(inode)),
    ({ inode }) => oldest(holders.get(inode) ?? []),
  )
  const off = new Set([1, ...ancestorsOf(process.pid)])
  const chance = firstPortByChance()
  const services = [...groups].flatMap(([pid, own]) => {
    const others = new Set(own.flatMap(({ inode }) => holders.get(inode) ?? []).filter((other) => other !== pid))
    return describe([pid, ...others], own, { root, off, chance }) ?? []
  })
  for (const service of services) service.calls = callsOf(service, services, sockets, holders)
  return services.sort((a, b) => (a.ports[0] ?? 0) - (b.ports[0] ?? 0))
}

/** Ports that somebody listens on whose process we may not see: another user's. */
export function foreignPorts(services: readonly Service[]): number[] {
  const known = new Set(services.flatMap(({ ports }) => ports))
  const all = tcpSockets().filter(({ state, localPort }) => state === 'listening' && !known.has(localPort))
  return [...new Set(all.map(({ localPort }) => localPort))].sort((a, b) => a - b)
}

interface Surroundings {
  root: string | null
  off: ReadonlySet<number>
  chance: number
}

function describe(pids: [number, ...number[]], own: readonly TcpSocket[], { root, off, chance }: Surroundings): Service | null {
  const [pid] = pids
  const stat = readStat(pid)
  const command = readCommandLine(pid)
  if (!stat || !command) return null
  const ports = [...new Set(own.map(({ localPort }) => localPort))].sort((a, b) => rank(a, chance) - rank(b, chance) || a - b)
  const labels = Object.fromEntries(labelsOf(pid))
  const reachable = own.filter(({ reach, localPort }) => reach !== 'other' && localPort === ports[0])
  const program = basename(command[0] ?? '') || stat.comm
  const owner = ownerOf(pid)
  const leftAlone =
    off.has(pid) || isSqualls(pid)
      ? 'it is Squall, or what started it'
      : owner !== process.getuid?.()
        ? `it belongs to uid ${owner}`
        : (whyLeftAlone(stat.comm, ports) ?? whyLeftAlone(program, ports))
  return {
    name: printable(labels.service ?? serviceName(command, stat.comm, readFolder(pid))),
    program: printable(programName(command, stat.comm)),
    pids,
    ports,
    host: reachable.length === 0 ? null : reachable.some(({ v6, reach }) => !v6 || reach === 'any') ? '127.0.0.1' : '[::1]',
    fixedPort: (ports[0] ?? chance) < chance,
    query:
      Object.keys(labels).length > 0 && findProcesses({ labels }).every(({ stat }) => pids.includes(stat.pid))
        ? { labels }
        : { port: ports[0] as number },
    here: root !== null && [readFolder(pid), ...command].some((path) => path !== null && isAbsolute(path) && inside(root, path)),
    calls: [],
    ...(leftAlone !== null && { leftAlone }),
  }
}

/** Names of processes are anybody's text: nothing in them may steer a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?')
}

/** A debugger's port, or one given by chance, is not what people know a service by. */
function rank(port: number, chance: number): number {
  return port === 9229 ? 2 : port >= chance ? 1 : 0
}

const generic = /^(?:index|main|server|app|start|dist|src|build|bin|lib|manage|run|cli)$/

/** `orders` of `node /shop/orders.ts`; of `node /orders/src/index.js` the folder's name, as `index` says nothing. */
export function serviceName(command: readonly string[], comm: string, folder: string | null): string {
  const script = command.slice(1).find((word) => /^[^-].*\.(?:[cm]?[jt]s|py|rb|pl|jar|php)$/.test(word))
  const words =
    script === undefined
      ? []
      : script
          .replace(/\.\w+$/, '')
          .split('/')
          .toReversed()
  const told = words.find((word) => word !== '' && word !== '.' && word !== '..' && !generic.test(word))
  const program = basename(command[0] ?? '') || comm
  if (told !== undefined) return told
  return script !== undefined || isInterpreter(program) ? basename(folder ?? '') || program : program
}

function isInterpreter(program: string): boolean {
  return /^(?:node|deno|bun|python[\d.]*|ruby|java|perl|php|uvicorn|gunicorn|npm|MainThread)$/.test(program)
}

function callsOf(service: Service, services: readonly Service[], sockets: readonly TcpSocket[], holders: Map<string, number[]>): Service[] {
  const own = sockets.filter(
    ({ state, inode, remoteIsLocal }) =>
      state === 'connected' && remoteIsLocal && holders.get(inode)?.some((pid) => service.pids.includes(pid)),
  )
  const ports = new Set(own.map(({ remotePort }) => remotePort))
  return services.filter((other) => other !== service && other.ports.some((port) => ports.has(port)))
}

/** The one that was started first: the others are its workers. */
function oldest(pids: readonly number[]): number {
  const start = (pid: number): number => readStat(pid)?.start ?? Number.POSITIVE_INFINITY
  return [...pids].sort((a, b) => start(a) - start(b) || a - b)[0] ?? 0
}

/** The folder itself, or something in it; both paths absolute. */
export function inside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith('../')
}

/** The kernel gives ports by chance from here on. */
function firstPortByChance(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').split(/\s+/)[0])
  } catch {
    return 32_768
  }
}
