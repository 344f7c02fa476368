/** Machine-wide locks of the parts of the world a fault changes (`safety.md` rule 10). */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SquallError } from '../errors.ts'
import { type Lock, tryLock } from '../system/flock.ts'

export interface ResourceLocks {
  /** Takes a key for a change; the same change may ask again. @throws SquallError `resource-locked` */
  take(key: string, change: string): void
  releaseAll(): void
}

export function createResourceLocks(): ResourceLocks {
  const held = new Map<string, { lock: Lock; change: string }>()
  return {
    take(key, change) {
      const mine = held.get(key)
      if (mine?.change === change) return
      if (mine) throw new SquallError('resource-locked', `the faults ${mine.change} and ${change} of this run both change ${key}`)
      const lock = tryLock(join(lockFolder(), `squall-${createHash('sha256').update(key).digest('hex').slice(0, 24)}.lock`))
      if (!lock) throw new SquallError('resource-locked', `another run is changing ${key} right now`)
      held.set(key, { lock, change })
    },
    releaseAll() {
      for (const { lock } of held.values()) lock.release()
      held.clear()
    },
  }
}

/** A folder that every user of the machine shares. */
function lockFolder(): string {
  return existsSync('/run/lock') ? '/run/lock' : tmpdir()
}
