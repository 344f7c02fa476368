/** What is left of a fault, asked of the machine by its own tools. */
import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import type { Started } from './run.ts'

/** Tables whose rules name a port of this system: those of others may be there at the same time. */
export function noTables({ command }: Started): string {
  const ports = command.flatMap((word) => /^database=.*:(\d+)$/.exec(word)?.[1] ?? [])
  const rules = execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' })
  return ports.some((port) => new RegExp(`\\b${port}\\b`).test(rules)) ? rules : ''
}

/** The room on the small file system is back. */
export function roomIsBack({ command }: Started): string {
  const dir = command.flatMap((word) => /^dir=(.*)$/.exec(word)?.[1] ?? [])[0] ?? '/'
  const { bavail, bsize } = statfsSync(dir)
  return bavail * bsize < 256 * 1024 * 1024 ? `only ${Math.round((bavail * bsize) / 1024 / 1024)} MiB are free at ${dir}` : ''
}
