/** From a host of a database to what runs there: a process of this machine, or a container of its Docker engine. */
import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { SquallError } from '../../errors.ts'
import { readHost } from '../../measures/database/hosts.ts'
import { ancestorsOf, readFolder, readStat } from '../../system/proc.ts'
import { pidsListeningOn } from '../../system/tcp-table.ts'
import { openEngine } from '../container/engine.ts'
import { containerTargets } from '../container/find.ts'
import type { Target } from '../injector.ts'
import { isSqualls } from '../process/find.ts'
import type { DatabaseType } from './find.ts'

export type Server = { at: 'process'; pid: number } | { at: 'container'; target: Target }

const programs: Record<DatabaseType, readonly string[]> = { postgres: ['postgres', 'postmaster'], redis: ['redis-server', 'valkey-server'] }
const defaultPorts: Record<DatabaseType, number> = { postgres: 5432, redis: 6379 }

/** @throws SquallError `no-target`: nothing of it is here, or it is no database that listens there; `target-protected` */
export async function serverAt(name: string, type: DatabaseType): Promise<Server> {
  const { host, port } = readHost(name, defaultPorts[type])
  const addresses = (await lookup(host, { all: true })).map(({ address }) => address)
  if (!addresses.some(isOurs)) {
    const target = await containerWith(addresses, null)
    if (target) return { at: 'container', target }
    throw new SquallError('no-target', `${name} is neither on this machine nor a container here`, {
      hint: 'Faults that take a server down run on its own machine, or where its Docker engine can be reached.',
    })
  }
  const listening = pidsListeningOn(port)
  const servers = listening.filter((pid) => programs[type].includes(readStat(pid)?.comm ?? ''))
  const pid = servers.find((one) => !servers.includes(readStat(one)?.ppid ?? 0))
  const target = pid === undefined ? await containerWith([], port) : await containerOf(pid)
  if (target) return { at: 'container', target }
  if (pid === undefined) throw new SquallError('no-target', `no ${type} server that we can see listens at ${name}${heldBy(listening)}`)
  if (isSqualls(pid) || ancestorsOf(process.pid).includes(pid))
    throw new SquallError('target-protected', `${name} is a process that Squall needs`)
  return { at: 'process', pid }
}

function heldBy(pids: readonly number[]): string {
  const names = pids.map((pid) => `${readStat(pid)?.comm ?? '?'} (pid ${pid})`)
  return names.length > 0 ? `: the port is held by ${names.join(', ')}` : ''
}

function isOurs(address: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((one) => one.address))
  return address.startsWith('127.') || own.includes(address)
}

interface Listed {
  Id: string
  Ports: { PublicPort?: number }[] | null
  NetworkSettings: { Networks: Record<string, { IPAddress?: string; GlobalIPv6Address?: string }> | null } | null
}

/** The container with one of these addresses, or that publishes this port. Null also when there is no engine. */
async function containerWith(addresses: readonly string[], port: number | null): Promise<Target | null> {
  const listed = await openEngine()
    .call<Listed[]>('GET', '/containers/json', {})
    .catch((error: unknown) => {
      if (error instanceof SquallError) return []
      throw error
    })
  const found = listed.find(({ Ports, NetworkSettings }) => {
    const networks = Object.values(NetworkSettings?.Networks ?? {})
    const at = networks.some(({ IPAddress = '', GlobalIPv6Address = '' }) =>
      addresses.some((one) => one === IPAddress || one === GlobalIPv6Address),
    )
    return at || (port !== null && (Ports ?? []).some(({ PublicPort }) => PublicPort === port))
  })
  return found ? ((await containerTargets({ id: found.Id }, `id ${found.Id.slice(0, 12)}`))[0] ?? null) : null
}

/** A process with the machine's own network may still be a container's. */
async function containerOf(pid: number): Promise<Target | null> {
  let cgroup: string
  try {
    cgroup = readFileSync(`/proc/${pid}/cgroup`, 'latin1')
  } catch {
    return null
  }
  const id = /(?:docker[-/]|\/containers\/)([0-9a-f]{64})/.exec(cgroup)?.[1]
  return id === undefined ? null : ((await containerTargets({ id }, `id ${id.slice(0, 12)}`))[0] ?? null)
}

/** Its data folder: a server works in it. @throws SquallError `no-permission` */
export function dataFolderOf(pid: number): string {
  const folder = readFolder(pid)
  if (folder === null)
    throw new SquallError('no-permission', `the data folder of process ${pid} is not ours to read: run Squall as root or as its user`)
  return folder
}
