/** The interfaces of a network namespace, and what hangs at them. */
import { readFileSync } from 'node:fs'
import { SquallError } from '../../errors.ts'
import type { Netns } from './netns.ts'
import { askJson, tryCommand } from './run.ts'
import type { Flow } from './to.ts'

export interface Link {
  name: string
  mtu: number
  up: boolean
  /** Most packets of the wire that the kernel sends in one piece. */
  gsoSegments: number
  /** Packets that may wait: 0 where nothing queues. */
  queue: number
  /** bit/s. */
  speed: number
}

export interface Qdisc {
  kind: string
  handle: string
  root?: boolean
  parent?: string
  drops?: number
  packets?: number
  bytes?: number
  options?: { [key: string]: unknown }
}

export interface TrafficClass {
  handle: string
  /** Absent: directly below the root. */
  parent?: string
  /** Handle of the queueing discipline that somebody has put below it. */
  leaf?: string
}

interface ListedLink {
  ifname: string
  mtu: number
  flags: string[]
  gso_max_segs?: number
  txqlen?: number
}

export async function linksOf(netns: Netns | null): Promise<Link[]> {
  const listed = (await askJson<ListedLink[]>(['ip', '-j', '-d', 'link'], netns)) ?? []
  return listed.map(({ ifname, mtu, flags, gso_max_segs, txqlen }) => ({
    name: ifname,
    mtu,
    up: flags.includes('UP'),
    gsoSegments: gso_max_segs ?? 65_535,
    queue: txqlen ?? 0,
    speed: speedOf(ifname, netns),
  }))
}

/** Null: the interface is gone. @throws when it can't be told */
export async function qdiscsAt(device: string, netns: Netns | null): Promise<Qdisc[] | null> {
  const ran = await tryCommand({ argv: ['tc', '-s', '-j', 'qdisc', 'show', 'dev', device] }, netns)
  if (ran.ok) return JSON.parse(ran.stdout.trim() || '[]') as Qdisc[]
  if (ran.gone || /Cannot find device/.test(ran.why)) return null
  throw new Error(`tc: ${ran.why}`)
}

export async function classesAt(device: string, netns: Netns | null): Promise<TrafficClass[]> {
  const ran = await tryCommand({ argv: ['tc', 'class', 'show', 'dev', device] }, netns)
  return ran.ok ? parseClasses(ran.stdout) : []
}

/** Not every version of tc can tell them as JSON. */
export function parseClasses(text: string): TrafficClass[] {
  return text.split('\n').flatMap((line) => {
    const [, handle = '', parent, leaf] = /^class \S+ (\S+) (?:root|parent (\S+))(?: leaf (\S+))?/.exec(line) ?? []
    return handle === '' ? [] : [{ handle, ...(parent !== undefined && { parent }), ...(leaf !== undefined && { leaf }) }]
  })
}

/**
 * By which interfaces these packets go: the one that was asked for, else those of the routes; of everything: where a default route leads.
 * @throws SquallError `no-target`
 */
export async function devicesFor(flows: readonly Flow[] | undefined, wanted: string | undefined, netns: Netns | null): Promise<Link[]> {
  const links = await linksOf(netns)
  const names = wanted === undefined ? await routedBy(flows, netns) : [wanted]
  const found = links.filter(({ name }) => names.includes(name))
  if (wanted !== undefined && found.length === 0) throw new SquallError('no-target', `there is no interface ${wanted}`)
  if (found.length === 0) throw new SquallError('no-target', 'no route leads there: name the interface')
  return found
}

async function routedBy(flows: readonly Flow[] | undefined, netns: Netns | null): Promise<string[]> {
  const whole = (flows ?? []).filter(({ prefix }) => prefix > 0)
  if (whole.length === 0) {
    const routes = await Promise.all(
      ['-4', '-6'].map((family) => askJson<{ dev?: string }[]>(['ip', family, '-j', 'route', 'show', 'default'], netns).catch(() => [])),
    )
    const named = routes.flat().flatMap((route) => route?.dev ?? [])
    // Without a way out: whatever is up, but for the way to itself.
    if (named.length > 0) return named
    return (await linksOf(netns)).filter(({ name, up }) => up && name !== 'lo').map(({ name }) => name)
  }
  const routes = await Promise.all(
    whole.map(({ address, family }) =>
      askJson<{ dev?: string }[]>(['ip', `-${family}`, '-j', 'route', 'get', address], netns).catch(() => []),
    ),
  )
  return routes.flat().flatMap((route) => route?.dev ?? [])
}

const assumedSpeed = 1e9

function speedOf(name: string, netns: Netns | null): number {
  try {
    const megabits = netns ? Number.NaN : Number(readFileSync(`/sys/class/net/${name}/speed`, 'latin1'))
    return megabits > 0 ? Math.max(assumedSpeed, megabits * 1e6) : assumedSpeed
  } catch {
    return assumedSpeed
  }
}
