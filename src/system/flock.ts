/** flock(2) on a descriptor of ours: freed by the kernel when the last holder of the open file dies (`safety.md` rule 6). */
import { spawnSync } from 'node:child_process'
import { closeSync, constants, fchmodSync, fstatSync, openSync, rmSync, statSync } from 'node:fs'
import { SquallError } from '../errors.ts'
import { sleep } from './clock.ts'

/** An exclusive lock. Keep `fd` open for as long as the lock is to be held; it is never passed on to children. */
export interface Lock {
  fd: number
  release(): void
}

/**
 * Takes the lock or returns null when another process holds it. Node has no flock; util-linux's `flock` locks the descriptor
 * it inherits, and the lock stays with our open file when that program ends (4–5 ms).
 * @throws SquallError `flock-missing` when the program is not there.
 */
export function tryLock(path: string, mode = 0o600): Lock | null {
  const fd = openForLock(path, mode)
  const result = spawnSync('flock', ['--nonblock', '--exclusive', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
  if (result.status === 0) return { fd, release: () => closeSync(fd) }
  closeSync(fd)
  if (result.status === 1) return null
  throw new SquallError('flock-missing', `the program flock did not work: ${result.error?.message ?? `exit ${result.status}`}`)
}

/** `tryLock` for 300 ms: who only asks whether a lock is free holds it for some of them. */
export async function patientLock(path: string): Promise<Lock | null> {
  for (let tries = 0; ; tries++) {
    const lock = tryLock(path)
    if (lock || tries === 10) return lock
    await sleep(30)
  }
}

/**
 * A lock in a folder that all users of the machine share: anybody may open the file, and it goes when the lock is released.
 * Whoever waited for a file that is gone by then holds nothing, and tries again with the new one.
 * @throws SquallError `resource-locked` when another user has made a file that we may not open
 */
export function trySharedLock(path: string): Lock | null {
  for (let tries = 0; tries < 5; tries++) {
    let lock: Lock | null
    try {
      lock = tryLock(path, 0o644)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
      throw new SquallError('resource-locked', `the lock file ${path} belongs to another user, and may not be opened`, { cause: error })
    }
    if (!lock) return null
    const { fd, release } = lock
    const now = statSync(path, { throwIfNoEntry: false })
    if (now?.ino === fstatSync(fd).ino)
      return {
        fd,
        release() {
          removeQuietly(path)
          release()
        },
      }
    release()
  }
  return null
}

/** In a sticky folder another user's file cannot be removed; it stays, empty. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch (error) {
    if (!['EPERM', 'EACCES', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/** True when some process holds the lock right now. */
export function isLocked(path: string): boolean {
  const lock = tryLock(path)
  lock?.release()
  return lock === null
}

/** Opens without creating first: where the folder is shared and sticky, the kernel refuses O_CREAT on files of others. */
function openForLock(path: string, mode: number): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW
  try {
    return openSync(path, flags)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const fd = openSync(path, flags | constants.O_CREAT, mode)
    if (fstatSync(fd).uid === process.getuid?.()) fchmodSync(fd, mode) // The guardian's umask lets nobody else in.
    return fd
  }
}
