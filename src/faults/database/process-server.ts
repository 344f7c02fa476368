/** A database server that is a process of this machine: what it takes to start it again as it was, and whether it runs. */
import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SquallError } from '../../errors.ts'
import { aliveSame, bootId, listPids, ownerOf, readCommandLine, readEnvironment, readFolder, readStat } from '../../system/proc.ts'
import { dataFolderOf } from './server.ts'

/** Plain data, part of a fault's state; nothing in it is secret. */
export type ProcessServer = {
  pid: number
  /** Clock ticks since boot. */
  start: number
  boot: string
  /** The folder that it works in. */
  data: string
  /** Absolute path of its program, and its arguments. */
  program: string
  args: string[]
  env: { [name: string]: string }
  uid: number
  gid: number
  /** The file to which it writes what it has to say; null: none. */
  output: string | null
}

/** What a server's environment may hold that it needs, and that is no secret. */
const kept = /^(PATH|HOME|USER|LOGNAME|LANG|LC_[A-Z]+|TZ|LD_LIBRARY_PATH|PGDATA|PGPORT|PG_OOM_ADJUST_FILE)$/

/** @throws SquallError `no-target`, `no-permission` */
export function processServer(pid: number): ProcessServer {
  const stat = readStat(pid)
  const [, ...args] = readCommandLine(pid) ?? []
  if (!stat) throw new SquallError('no-target', `process ${pid} has ended`)
  try {
    process.kill(pid, 0)
    return {
      pid,
      start: stat.start,
      boot: bootId(),
      data: dataFolderOf(pid),
      program: readlinkSync(`/proc/${pid}/exe`),
      args,
      env: Object.fromEntries([...(readEnvironment(pid) ?? [])].filter(([name]) => kept.test(name))),
      uid: ownerOf(pid) ?? 0,
      gid: statSync(`/proc/${pid}`).gid,
      output: outputOf(pid),
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM' && (error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    throw new SquallError('no-permission', `process ${pid} belongs to another user: this one may not signal it`)
  }
}

function outputOf(pid: number): string | null {
  const path = readlinkSync(`/proc/${pid}/fd/2`)
  try {
    return statSync(path).isFile() ? path : null
  } catch {
    return null
  }
}

/** The process of the plan, while it lives. */
export function original({ pid, start, boot }: ProcessServer): boolean {
  return boot === bootId() && aliveSame(pid, start) !== null
}

/** Every process of the server: the one that was started, and its children; also those that outlive it for a moment. */
export function familyOf({ data, program }: ProcessServer): number[] {
  const name = program.split('/').at(-1)
  return listPids().filter((pid) => {
    const stat = readStat(pid)
    return stat !== null && stat.state !== 'Z' && stat.comm === name && readFolder(pid) === data
  })
}

/** Who runs there now: the parent of the family. Null: nobody. */
export function runningIn(server: ProcessServer): number | null {
  const family = familyOf(server)
  return family.find((pid) => !family.includes(readStat(pid)?.ppid ?? 0) && !isOrphan(pid, server)) ?? null
}

/** A child whose parent has died; it notices soon. The parent is the one that wrote `postmaster.pid`. */
function isOrphan(pid: number, { data, program }: ProcessServer): boolean {
  return /post(gres|master)$/.test(program) && Number(pidFile(data)[0]) !== pid
}

/** Of PostgreSQL: what the server itself says in `postmaster.pid`: starting, stopping, ready, standby; null: nothing. */
export function statusIn(data: string): string | null {
  return pidFile(data)[7]?.trim() || null
}

function pidFile(data: string): string[] {
  try {
    return readFileSync(join(data, 'postmaster.pid'), 'latin1').split('\n')
  } catch {
    return []
  }
}
