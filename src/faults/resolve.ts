/** From a target as written to the things it means right now; protected ones are refused here, once for all injectors. */
import { basename } from 'node:path'
import type { Fault, Pick as Picking, ProxySpec, SourceSpec, TargetQuery, TargetSpec } from '../document/experiment.ts'
import { SquallError } from '../errors.ts'
import { ancestorsOf } from '../system/proc.ts'
import { containerTargets } from './container/find.ts'
import { databaseTarget } from './database/find.ts'
import type { Json, Target } from './injector.ts'
import { type FoundProcess, findProcesses, isSqualls } from './process/find.ts'
import { proxyTarget } from './proxy/find.ts'

export interface ResolveOptions {
  /** Seeded: the same run picks the same. */
  random(): number
  /** Squall's own processes; they, what is above them, and pid 1 are never a target. */
  protect: readonly number[]
  /** What the document declares. */
  proxies?: readonly ProxySpec[]
  sources?: readonly SourceSpec[]
  /** Planning again: some may have gone since the preview; fewer is weaker, not refused. */
  allowFewer?: boolean
  /** Ids of targets that were picked before: those that are still there are picked again. */
  prefer?: ReadonlySet<string>
}

/** @throws SquallError `no-target`, `target-protected`, `fault-not-available` (a place that is not there yet) */
export async function resolveTargets(spec: TargetSpec, options: ResolveOptions): Promise<Target[]> {
  if (spec.place === 'host') return [{ place: 'host', id: 'local', name: 'this host', facts: { narrowing: spec.narrowing as Json } }]
  if (spec.place === 'process') return resolveProcesses(spec, options)
  if (spec.place === 'container') return pickTargets(await containerTargets(spec.query, queryWords(spec.query)), spec, options)
  if (spec.place === 'proxy') return [proxyTarget(spec, options.proxies ?? [])]
  if (spec.place === 'url') return [urlTarget(spec)]
  if (spec.place === 'database') return [databaseTarget(spec, options.sources ?? [])]
  throw new SquallError('fault-not-available', `targets of the place ${spec.place} are not available yet`)
}

/** @throws SquallError `no-target` */
function urlTarget({ query }: TargetSpec): Target {
  const url = query.name ?? ''
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new SquallError('no-target', `${url || 'the target'} is no address such as http://localhost:8080/`)
  return { place: 'url', id: url, name: url, facts: { url } }
}

function resolveProcesses(spec: TargetSpec, options: ResolveOptions): Target[] {
  if (Object.keys(spec.query).length === 0)
    throw new SquallError('no-target', 'the target names no process: say a name, command, port or labels')
  const found = findProcesses(spec.query)
  const off = new Set([1, ...options.protect.flatMap((pid) => ancestorsOf(pid))])
  const free = found.filter(({ stat }) => !off.has(stat.pid) && !isSqualls(stat.pid))
  if (free.length === 0 && found.length > 0) {
    const names = found.map(({ stat }) => `${stat.comm} (${stat.pid})`).join(', ')
    throw new SquallError(
      'target-protected',
      `${queryWords(spec.query)} matches only ${names}: pid 1, Squall and what started it are never a target`,
    )
  }
  if (free.length === 0) throw new SquallError('no-target', `no process with ${queryWords(spec.query)}`)
  return pickTargets(
    free.map((one) => ({ ...targetOf(one, spec.query), among: free.length })),
    spec,
    options,
  )
}

/** What narrows goes with each of them. @throws SquallError `no-target` when there are fewer than asked for */
function pickTargets(found: readonly Target[], { pick, place, query, narrowing }: TargetSpec, options: ResolveOptions): Target[] {
  if ('count' in pick && found.length < pick.count && !options.allowFewer)
    throw new SquallError('no-target', `only ${found.length} of the ${pick.count} targets asked for at ${place} have ${queryWords(query)}`)
  const narrowed = Object.keys(narrowing).length > 0
  const targets = narrowed ? found.map((one) => ({ ...one, facts: { ...one.facts, narrowing: narrowing as Json } })) : found
  const known = targets.filter(({ id }) => options.prefer?.has(id))
  const others = targets.filter(({ id }) => !options.prefer?.has(id))
  return picked(known, others, pick, options.random)
}

/** Places where a target is one thing, by its name. */
const single: ReadonlySet<string> = new Set(['host', 'proxy', 'url', 'database'])

/** Some of the targets are chosen by the seed. */
export function picksBySeed(faults: readonly Pick<Fault, 'target'>[]): boolean {
  return faults.some(({ target }) => target && !single.has(target.place) && !('all' in target.pick))
}

/** All of `known` first, as many of the others as it takes, in an order that the seed decides. A share rounds down, at least 1. */
export function picked<T>(known: readonly T[], others: readonly T[], pick: Picking, random: () => number): T[] {
  const all = known.length + others.length
  if ('all' in pick) return [...known, ...others]
  const wanted = 'count' in pick ? pick.count : Math.max(1, Math.floor(pick.share * all))
  const rest = [...others]
  const chosen = known.slice(0, wanted)
  while (chosen.length < wanted && rest.length > 0) chosen.push(...rest.splice(Math.floor(random() * rest.length), 1))
  return chosen
}

function targetOf({ stat, command }: FoundProcess, query: TargetQuery): Target {
  const shown = command.join(' ')
  return {
    place: 'process',
    id: `${stat.pid}:${stat.start}`,
    name: `${programName(command, stat.comm)} (pid ${stat.pid})`,
    facts: {
      pid: stat.pid,
      start: stat.start,
      comm: stat.comm,
      ppid: stat.ppid,
      command: shown.length > 200 ? `${shown.slice(0, 200)}…` : shown,
      query: { ...query } as { [key: string]: Json },
    },
  }
}

/** `node orders.js` rather than the name of a thread: the program, and the script where the program is an interpreter. */
export function programName([program = '', script = '']: readonly string[], comm: string): string {
  const name = basename(program) || comm
  return /\.(js|mjs|cjs|ts|py|rb|pl|jar)$/.test(script) ? `${name} ${basename(script)}` : name
}

function queryWords(query: TargetQuery): string {
  const labels = Object.entries(query.labels ?? {}).map(([name, value]) => `${name}=${value}`)
  const parts = [
    query.name && `name ${query.name}`,
    query.command && `command ${query.command}`,
    query.port && `port ${query.port}`,
    query.id && `id ${query.id}`,
    query.service && `compose service ${query.service}`,
    labels.length > 0 && `labels ${labels.join(',')}`,
  ]
  return parts.filter(Boolean).join(', ')
}
