/** flock(2) on a descriptor of ours: freed by the kernel when the last holder of the open file dies (`safety.md` rule 6). */
import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { SquallError } from '../errors.ts'

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
export function tryLock(path: string): Lock | null {
  const fd = openForLock(path)
  const result = spawnSync('flock', ['--nonblock', '--exclusive', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
  if (result.status === 0) return { fd, release: () => closeSync(fd) }
  closeSync(fd)
  if (result.status === 1) return null
  throw new SquallError('flock-missing', `the program flock did not work: ${result.error?.message ?? `exit ${result.status}`}`)
}

/** True when some process holds the lock right now. */
export function isLocked(path: string): boolean {
  const lock = tryLock(path)
  lock?.release()
  return lock === null
}

/** Opens without creating first: where the folder is shared and sticky, the kernel refuses O_CREAT on files of others. */
function openForLock(path: string): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW
  try {
    return openSync(path, flags)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return openSync(path, flags | constants.O_CREAT, 0o644)
  }
}
