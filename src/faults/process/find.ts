/** Finding processes as a document names them: by name, command line, port, labels. */
import { basename } from 'node:path'
import type { TargetQuery } from '../../document/experiment.ts'
import { listPids, type ProcessStat, readCommandLine, readEnvironment, readStat } from '../../system/proc.ts'
import { pidsListeningOn } from '../../system/tcp-table.ts'

export interface FoundProcess {
  stat: ProcessStat
  command: string[]
}

/** All living processes that match every part of the query, by start time, then pid. Kernel threads and zombies never match. */
export function findProcesses(query: TargetQuery): FoundProcess[] {
  const listening = query.port === undefined ? null : new Set(pidsListeningOn(query.port))
  return listPids()
    .flatMap((pid) => {
      const stat = readStat(pid)
      const command = stat && stat.state !== 'Z' && stat.state !== 'X' ? readCommandLine(pid) : null
      return stat && command && command.length > 0 && matches(query, stat, command, listening) ? [{ stat, command }] : []
    })
    .sort((a, b) => a.stat.start - b.stat.start || a.stat.pid - b.stat.pid)
}

function matches(query: TargetQuery, stat: ProcessStat, command: readonly string[], listening: ReadonlySet<number> | null): boolean {
  if (listening && !listening.has(stat.pid)) return false
  if (query.name !== undefined) {
    const glob = globPattern(query.name)
    if (!glob.test(stat.comm) && !glob.test(basename(command[0] ?? ''))) return false
  }
  if (query.command !== undefined && !globPattern(query.command).test(command.join(' '))) return false
  return query.labels === undefined || hasLabels(stat.pid, query.labels)
}

function hasLabels(pid: number, wanted: Readonly<Record<string, string>>): boolean {
  const labels = labelsOf(pid)
  return Object.entries(wanted).every(([name, value]) => labels.get(name) === value)
}

/** `SQUALL_LABELS=app=shop,service=orders` of its environment; empty when there is none or it is not ours to read. */
export function labelsOf(pid: number): Map<string, string> {
  const pairs = readEnvironment(pid)?.get('SQUALL_LABELS')?.split(',') ?? []
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1).trim()]))
}

/** Squall's own processes, and what its faults have started: never a target, never counted as the service. */
export function isSqualls(pid: number): boolean {
  const environment = readEnvironment(pid)
  if (environment?.has('SQUALL_ROLE') || environment?.has('SQUALL_MARK')) return true
  return /(^|\/)squall(\.js)?$/.test(readCommandLine(pid)?.[1] ?? '')
}

/** `*` any run of characters, `?` one; the rest is literal; the whole text must match. */
export function globPattern(glob: string): RegExp {
  const body = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${body}$`, 's')
}
