/** What keeps a guardian or a proxy alive when its surroundings are torn down (`safety.md` rule 15). A new session they have from their start. */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readStat } from './proc.ts'

/**
 * Moves this process into a cgroup of its own, beside the one that a CI job's or a terminal's end would kill as a whole.
 * Returns the way back (call it at the end: the folder is removed), or null where that is not possible.
 */
export function enterOwnCgroup(name: string): (() => void) | null {
  const root = cgroup2Root()
  if (!root) return null
  const own = join(root, `squall-${name}`)
  try {
    mkdirSync(own)
    writeFileSync(join(own, 'cgroup.procs'), String(process.pid))
  } catch {
    removeQuietly(own)
    return null // Not root, or the hierarchy is not ours: `doctor` says so.
  }
  return () => dissolve(own, root)
}

/** Removes what a killed one left. */
export function removeLeftCgroup(name: string): void {
  const root = cgroup2Root()
  if (root) dissolve(join(root, `squall-${name}`), root)
}

/** Removes the cgroups `NAME-PID` that nobody is in any more, and whose process is dead. */
export function removeDeadCgroups(name: string): void {
  const root = cgroup2Root()
  if (!root) return
  const pattern = new RegExp(`^squall-${name}-(\\d+)$`)
  for (const folder of readdirSync(root)) {
    const pid = Number(pattern.exec(folder)?.[1] ?? 0)
    if (pid > 0 && !readStat(pid)) removeQuietly(join(root, folder))
  }
}

/** What still runs in it is meant to: a service that was started again. It must not live in a folder of a run that is over. */
function dissolve(own: string, root: string): void {
  try {
    for (const pid of readFileSync(join(own, 'cgroup.procs'), 'latin1').split('\n').filter(Boolean)) {
      writeFileSync(join(root, 'cgroup.procs'), pid)
    }
  } catch {
    // Not there, or a process has just ended: removing it tells.
  }
  removeQuietly(own)
}

/** Where cgroup version 2 is mounted: alone, or beside version 1. */
export function cgroup2Root(): string | null {
  try {
    const line = readFileSync('/proc/self/mounts', 'latin1')
      .split('\n')
      .find((mount) => mount.split(' ')[2] === 'cgroup2')
    return line?.split(' ')[1] ?? null
  } catch {
    return null
  }
}

function removeQuietly(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Not there, or in use.
  }
}
