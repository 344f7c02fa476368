/** Machine-wide locks of the parts of the world a fault changes (`safety.md` rule 10). */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SquallError } from '../errors.ts'
import { type Lock, trySharedLock } from '../system/flock.ts'

export interface ResourceLocks {
  /** Takes a key for a change. `name` is the target's, for people. @throws SquallError `resource-locked` */
  take(key: string, change: { key: string; fault: string }, name?: string): void
  /** This fault is planned again: whichever of its changes asks first for a key that the fault holds gets it. */
  planAgain(fault: string): void
  releaseAll(): void
}

export function createResourceLocks(): ResourceLocks {
  const held = new Map<string, { lock: Lock; fault: string; change: string | null }>()
  return {
    take(key, { key: change, fault }, name = key) {
      const mine = held.get(key)
      if (mine && (mine.change === change || (mine.change === null && mine.fault === fault))) {
        mine.change = change
        return
      }
      if (mine)
        throw new SquallError('resource-locked', `the changes ${mine.change ?? mine.fault} and ${change} of this run both change ${name}`)
      const lock = trySharedLock(join(lockFolder(), `squall-${createHash('sha256').update(key).digest('hex').slice(0, 24)}.lock`))
      if (!lock) throw new SquallError('resource-locked', `another run is changing ${name} right now`)
      held.set(key, { lock, fault, change })
    },
    planAgain(fault) {
      for (const one of held.values()) if (one.fault === fault) one.change = null
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
