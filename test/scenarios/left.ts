/** What is left of a fault, asked of the machine by its own tools. */
import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { listPids, readEnvironment, readStat } from '../../src/system/proc.ts'
import type { Started } from './run.ts'

/** Tables whose rules name a port of this system: those of others may be there at the same time. */
export function noTables({ command }: Started): string {
  const ports = command.flatMap((word) => /^database=.*:(\d+)$/.exec(word)?.[1] ?? [])
  const rules = execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' })
  return ports.some((port) => new RegExp(`\\b${port}\\b`).test(rules)) ? rules : ''
}

/** Nor a table that names the DNS server of this system. */
export function noDnsTable({ command }: Started): string {
  const [server] = command.flatMap((word) => /^dns=(.*)$/.exec(word)?.[1] ?? [])
  const rules = execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' })
  return server !== undefined && rules.includes(server) ? rules : ''
}

/** Every process of this system runs. */
export function noneStopped({ command }: Started): string {
  const [app] = command.flatMap((word) => /^app=(.*)$/.exec(word)?.[1] ?? [])
  const ours = listPids().filter((pid) => readEnvironment(pid)?.get('SQUALL_LABELS')?.includes(`app=${app}`))
  const stopped = ours.filter((pid) => readStat(pid)?.state === 'T')
  if (ours.length === 0) return `no process of ${app} is there`
  return stopped.length > 0 ? `stopped: ${stopped.join(', ')}` : ''
}

/** The room on the small file system is back. */
export function roomIsBack({ command }: Started): string {
  const dir = command.flatMap((word) => /^dir=(.*)$/.exec(word)?.[1] ?? [])[0] ?? '/'
  const { bavail, bsize } = statfsSync(dir)
  return bavail * bsize < 256 * 1024 * 1024 ? `only ${Math.round((bavail * bsize) / 1024 / 1024)} MiB are free at ${dir}` : ''
}
