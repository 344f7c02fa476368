/** The registry entry of a proxy, and the lock that says whether anybody is behind it. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Lock, trySharedLock } from '../../system/flock.ts'
import { removeLeftCgroup } from '../../system/own-cgroup.ts'
import { type ProxyPlace, placeIn, proxiesDir } from './place.ts'
import type { Hello } from './protocol.ts'

/** What of its hello stands in the file, for when it does not answer. */
export type RegistryEntry = Omit<Hello, 'hello' | 'holders'>

/** Null when another process holds it. Its end frees it, whatever that end is. */
export function lockPlace(place: ProxyPlace): Lock | null {
  for (let tries = 0; ; tries++) {
    mkdirSync(place.folder, { recursive: true, mode: 0o700 })
    try {
      return trySharedLock(place.lock)
    } catch (error) {
      // Somebody has just tidied the folder away.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries >= 5) throw error
    }
  }
}

export function writeEntry(place: ProxyPlace, entry: RegistryEntry): void {
  const fresh = `${place.entry}.new`
  writeFileSync(fresh, `${JSON.stringify(entry, null, 2)}\n`, { mode: 0o600 })
  renameSync(fresh, place.entry)
}

export function readEntry(place: ProxyPlace): RegistryEntry | null {
  try {
    return JSON.parse(readFileSync(place.entry, 'utf8')) as RegistryEntry
  } catch {
    return null // None, or half of one.
  }
}

/** For whoever holds the lock: what lies there is of a process that is dead. */
export function clearStale(place: ProxyPlace): void {
  const dead = readEntry(place)
  if (dead) removeLeftCgroup(cgroupName(dead.pid))
  for (const path of [place.entry, `${place.entry}.new`, place.socket]) rmSync(path, { force: true })
}

/** For whoever holds the lock: takes the entry away. The log stays when there is something in it. */
export function removeEntry(place: ProxyPlace, lock: Lock): void {
  for (const path of [place.entry, place.socket]) rmSync(path, { force: true })
  lock.release()
  try {
    rmdirSync(place.folder)
  } catch {
    // Its log is there, or a new proxy.
  }
}

/** Takes away what a dead one has left. False: it lives. */
export function removeDead(place: ProxyPlace): boolean {
  const lock = lockPlace(place)
  if (!lock) return false
  clearStale(place)
  removeEntry(place, lock)
  return true
}

export function cgroupName(pid: number): string {
  return `proxy-${pid}`
}

export function registeredPlaces(state?: string): ProxyPlace[] {
  const dir = proxiesDir(state)
  try {
    return readdirSync(dir)
      .sort()
      .map((name) => placeIn(join(dir, name)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
