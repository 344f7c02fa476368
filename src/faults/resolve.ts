/** From a target in the document to the targets of now. Changes nothing; the preview and the guardian share it. */
import { hostname } from 'node:os'
import { nearest } from '../document/nearest.ts'
import type { Pick, TargetQuery, TargetSpec } from '../document/experiment.ts'
import { SquallError } from '../errors.ts'
import type { Json, Target } from './injector.ts'
import { findProcesses, type FoundProcess, listProcesses, namesOf, protection } from './process/find.ts'

export interface ResolveOptions {
  /** Seeded: the same matches give the same choice. */
  random(): number
  /** pids of guardian and runner. They, what started them and every other process of Squall are refused. */
  protect: readonly number[]
}

/**
 * @throws SquallError `no-target` (nothing matches, or fewer than asked), `target-protected` (only what is never touched matches),
 * `target-invalid` (the query can't be meant), `fault-not-available` (a place without resolution).
 */
export async function resolveTargets(spec: TargetSpec, options: ResolveOptions): Promise<Target[]> {
  if (spec.place === 'host') return [localHost(spec.query)]
  if (spec.place === 'process') return resolveProcesses(spec, options)
  throw new SquallError('fault-not-available', `targets at the place ${spec.place} cannot be found yet`)
}

function localHost(query: TargetQuery): Target {
  if (query.name !== undefined && query.name !== 'local') {
    throw new SquallError('no-target', `the host ${query.name} is not this machine`, { hint: 'Write target: { host: local }.' })
  }
  return { place: 'host', id: 'local', name: `this machine (${hostname()})`, facts: {} }
}

function resolveProcesses(spec: TargetSpec, options: ResolveOptions): Target[] {
  refuseStrange(spec.query)
  const matches = findProcesses(spec.query)
  if (matches.length === 0) throw new SquallError('no-target', `no process matches ${describeQuery(spec.query)}${nearMisses(spec.query)}`)
  const why = protection(options.protect)
  const free = matches.filter((one) => why(one) === null)
  if (free.length === 0) {
    const reasons = matches.slice(0, 3).map((one) => `${shownName(one)} (pid ${one.pid}): ${why(one)}`)
    throw new SquallError('target-protected', `every process that matches ${describeQuery(spec.query)} is protected: ${reasons.join('; ')}`)
  }
  const facts = { query: { ...spec.query } as { [key: string]: Json }, matches: free.length }
  return choose(free, spec.pick, spec.query, options.random).map((one) => processTarget(one, facts))
}

/** One target; `query` and `matches` let a fault tell later whether a replacement runs. */
function processTarget(one: FoundProcess, facts: Target['facts']): Target {
  const command = one.argv.join(' ')
  return {
    place: 'process',
    id: `${one.pid}:${one.start}`,
    name: `${shownName(one)} (pid ${one.pid})`,
    facts: {
      pid: one.pid,
      start: one.start,
      comm: one.comm,
      command: command.length > 200 ? `${command.slice(0, 199)}…` : command,
      uid: one.uid,
      ppid: one.ppid,
      ...facts,
    },
  }
}

/** A seeded choice over the stable order of start times; the result keeps that order. */
function choose(found: FoundProcess[], pick: Pick, query: TargetQuery, random: () => number): FoundProcess[] {
  if ('all' in pick) return found
  const count = 'count' in pick ? pick.count : Math.max(1, Math.floor(found.length * pick.share + 1e-9))
  if (count > found.length) {
    const are = found.length === 1 ? 'only 1 process matches' : `only ${found.length} processes match`
    throw new SquallError('no-target', `${count} targets are asked for, but ${are} ${describeQuery(query)}`)
  }
  const rest = [...found.keys()]
  const chosen = Array.from({ length: count }, () => rest.splice(Math.floor(random() * rest.length), 1)[0] as number)
  return chosen.sort((a, b) => a - b).map((index) => found[index] as FoundProcess)
}

function refuseStrange(query: TargetQuery): void {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  if (given.length === 0) throw new SquallError('target-invalid', 'a process is named by name, command, port or labels, and none is given')
  if (query.namespace !== undefined) throw new SquallError('target-invalid', 'a process has no namespace')
  for (const key of ['name', 'command'] as const) {
    const text = query[key]
    if (text === undefined) continue
    if (text === '' || text.startsWith('-')) throw new SquallError('target-invalid', `the ${key} “${text}” cannot be a target`)
    if (/\p{Cc}/u.test(text)) throw new SquallError('target-invalid', `the ${key} of the target holds a control character`)
  }
}

/** `name "pay*" listening on port 8080`. */
export function describeQuery(query: TargetQuery): string {
  const parts: string[] = []
  if (query.name !== undefined) parts.push(`the name “${query.name}”`)
  if (query.command !== undefined) parts.push(`the command line “${query.command}”`)
  if (query.port !== undefined) parts.push(`listening on port ${query.port}`)
  if (query.labels) parts.push(`the labels ${Object.entries(query.labels).map(([key, value]) => `${key}=${value}`).join(', ')}`)
  return parts.join(' and ')
}

/** What comes near, so that a slip of the pen is seen at once. */
function nearMisses(query: TargetQuery): string {
  const parts = Object.keys(query).filter((key) => query[key as keyof TargetQuery] !== undefined)
  if (parts.length > 1) {
    const counts = parts.map((key) => `${key}: ${findProcesses({ [key]: query[key as keyof TargetQuery] }).length}`)
    return ` together (each alone: ${counts.join(', ')})`
  }
  const wanted = (query.name ?? query.command ?? '').replaceAll('*', '').toLowerCase()
  if (wanted === '') return ''
  const all = listProcesses()
  const holding = all.filter((one) => [...namesOf(one), one.argv.join(' ')].some((text) => text.toLowerCase().includes(wanted)))
  if (holding.length > 0) {
    const shown = holding.slice(0, 3).map((one) => `${one.argv.join(' ').slice(0, 80) || one.comm} (pid ${one.pid})`)
    return `; it stands in ${shown.join(', ')}: use command: "*${wanted}*"`
  }
  const near = nearest(wanted, [...new Set(all.flatMap(namesOf))])
  return near === undefined ? '' : `; did you mean “${near}”?`
}

function shownName(one: FoundProcess): string {
  return namesOf(one).at(-1) ?? one.comm
}
