/** Which processes a query means, and which of them are never touched. */
import { statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { TargetQuery } from '../../document/experiment.ts'
import { entryPath } from '../../system/entry.ts'
import { aliveSame, ancestorsOf, listPids, pidsListeningOn, readCommandLine, readEnvironment, readStat } from '../../system/proc.ts'
import { globMatcher } from '../glob.ts'

export interface FoundProcess {
  pid: number
  /** Clock ticks since boot: with the pid, the identity. */
  start: number
  /** The kernel's name, at most 15 characters. */
  comm: string
  argv: string[]
  ppid: number
  uid: number
}

/** All living processes that match every given part of the query, protected ones too, the longest running first. */
export function findProcesses(query: TargetQuery): FoundProcess[] {
  const matches = matcherOf(query)
  return listProcesses().filter(matches)
}

/** Every living process that is not the kernel's own, the longest running first. */
export function listProcesses(): FoundProcess[] {
  const found: FoundProcess[] = []
  for (const pid of listPids()) {
    const one = readProcess(pid)
    if (one) found.push(one)
  }
  return found.sort((a, b) => a.start - b.start || a.pid - b.pid)
}

function readProcess(pid: number): FoundProcess | null {
  const stat = readStat(pid)
  const argv = stat && readCommandLine(pid)
  if (!stat || !argv || !aliveSame(pid, stat.start)) return null
  if (argv.length === 0 && (pid === 2 || stat.ppid === 2)) return null // A kernel thread.
  try {
    return { pid, start: stat.start, comm: stat.comm, argv, ppid: stat.ppid, uid: statSync(`/proc/${pid}`).uid }
  } catch {
    return null // It has ended while being read.
  }
}

function matcherOf(query: TargetQuery): (one: FoundProcess) => boolean {
  const name = query.name === undefined ? null : globMatcher(query.name)
  const command = query.command === undefined ? null : globMatcher(query.command)
  const listening = query.port === undefined ? null : new Set(pidsListeningOn(query.port))
  const labels = query.labels ? Object.entries(query.labels) : []
  return (one) => {
    if (name && !namesOf(one).some(name)) return false
    if (command && !command(one.argv.join(' '))) return false
    if (listening && !listening.has(one.pid)) return false
    if (labels.length === 0) return true
    const carried = labelsOf(one.pid)
    return labels.every(([key, value]) => carried.get(key) === value)
  }
}

/** The names a process goes by: the kernel's, and the program's as it was called. */
export function namesOf(one: FoundProcess): string[] {
  return [one.comm, basename(one.argv[0] ?? '')].filter((name) => name !== '')
}

/** `SQUALL_LABELS=app=shop,tier=db` of the environment the process was started with. */
export function labelsOf(pid: number): Map<string, string> {
  const labels = new Map<string, string>()
  for (const pair of (readEnvironment(pid)?.get('SQUALL_LABELS') ?? '').split(',')) {
    const at = pair.indexOf('=')
    if (at > 0) labels.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim())
  }
  return labels
}

/** Tells why a process is never a target, or null. `protect`: pids of guardian and runner; what stands above them is refused too. */
export function protection(protect: readonly number[]): (one: FoundProcess) => string | null {
  const above = new Set(protect.flatMap((pid) => ancestorsOf(pid)))
  const ours = new Set([process.pid, ...protect])
  for (const pid of ancestorsOf(process.pid)) above.add(pid)
  const homes = squallHomes()
  return (one) => {
    if (one.pid === 1) return 'it is PID 1'
    if (ours.has(one.pid)) return 'it is this Squall run itself'
    if (above.has(one.pid)) return 'this Squall run was started by it'
    const environment = readEnvironment(one.pid)
    if (environment?.has('SQUALL_ROLE') || environment?.has('SQUALL_MARK')) return 'it is a process of Squall'
    if (one.argv.slice(0, 6).some((part) => homes.some((home) => part.startsWith(home)))) return 'it is a process of Squall'
    return null
  }
}

/** Folders whose programs are Squall: the sources (or the bundle) and the launcher beside them. */
function squallHomes(): string[] {
  const entries = dirname(entryPath('guardian'))
  const home = basename(entries) === 'entries' ? dirname(entries) : entries
  return [`${home}/`, `${join(home, '..', 'bin')}/`]
}
