/** The kill switch's flag: an empty file that every guardian looks for (`safety.md` rule 23). Both kinds survive a reboot. */
import { chmodSync, closeSync, constants, existsSync, type FSWatcher, lstatSync, mkdirSync, openSync, rmSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { isRoot, machineDirs, notWritable, stateDir } from '../system/paths.ts'

/** Every place where a flag stops this user's runs: the machine's folders, and this user's own state. */
export function haltFlags(state = stateDir()): string[] {
  return [...machineDirs().map((dir) => join(dir, 'halt')), join(state, 'halt')]
}

/** The flag that stands, or null. A flag that cannot be looked at counts as standing: better no run than one nobody can stop. */
export function standingFlag(state = stateDir()): string | null {
  return haltFlags(state).find((flag) => stands(flag)) ?? null
}

function stands(flag: string): boolean {
  try {
    lstatSync(flag)
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    return code !== 'ENOENT' && code !== 'ENOTDIR'
  }
}

/** Root's flag stops everybody, a user's flag that user. Already there is fine. Returns the path. */
export function setHaltFlag(state = stateDir()): string {
  const flag = ownFlag(state)
  try {
    makeFlagFolder(dirname(flag))
    closeSync(openSync(flag, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o644))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw notWritable(dirname(flag), error)
  }
  return flag
}

/** Removes the flags this user may remove; returns the ones that still stand. */
export function clearHaltFlags(state = stateDir()): string[] {
  for (const flag of haltFlags(state)) {
    try {
      rmSync(flag, { force: true })
    } catch {
      // Somebody else's: it is named in what is returned.
    }
  }
  return haltFlags(state).filter((flag) => stands(flag))
}

function ownFlag(state: string): string {
  return isRoot() ? join(machineDirs()[0] as string, 'halt') : join(state, 'halt')
}

function makeFlagFolder(folder: string): void {
  const made = !existsSync(folder)
  mkdirSync(folder, { recursive: true, mode: isRoot() ? 0o755 : 0o700 })
  if (made && isRoot()) chmodSync(folder, 0o755) // Whatever the umask: everybody must be able to see the flag.
}

/** Calls `onHalt` once when a flag appears. Watches and polls each 250 ms: inotify may be refused, or the folder missing yet. */
export function watchHaltFlags(state: string, onHalt: (flag: string) => void): { stop(): void } {
  const watchers: FSWatcher[] = []
  let done = false
  const check = (): void => {
    const flag = done ? null : standingFlag(state)
    if (!flag) return
    stop()
    onHalt(flag)
  }
  const timer = setInterval(check, 250)
  const stop = (): void => {
    done = true
    clearInterval(timer)
    for (const watcher of watchers) watcher.close()
  }
  for (const folder of new Set(haltFlags(state).map((flag) => dirname(flag)))) {
    try {
      watchers.push(watch(folder, { persistent: false }, check).on('error', () => {})) // The poll goes on.
    } catch {
      // No such folder yet, or no inotify instance left: the poll sees it.
    }
  }
  return { stop }
}
