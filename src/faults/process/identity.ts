/** What a process fault remembers of its target, and the checks every one of them makes. */
import { SquallError } from '../../errors.ts'
import { aliveSame } from '../../system/proc.ts'
import type { Target } from '../injector.ts'

/** Plain data: goes into the journal. */
export type ProcessIdentity = {
  pid: number
  /** Clock ticks since boot. */
  start: number
  name: string
}

/** @throws SquallError `target-invalid` when the target is no process, `not-permitted` when it may not be signalled. */
export function identityOf(target: Target): ProcessIdentity {
  const { pid, start } = target.facts
  if (typeof pid !== 'number' || typeof start !== 'number' || pid <= 1) throw new SquallError('target-invalid', `${target.name} is no process`)
  if (aliveSame(pid, start)) mustBeSignallable(pid, target.name)
  return { pid, start, name: target.name }
}

/** One key for all faults at one process: two of them would undo each other's work. */
export function processLock({ pid, start }: ProcessIdentity): string {
  return `process:${pid}:${start}`
}

/** Signals the process if it is still the same one; false when it is gone. Nobody else with its pid is ever touched. */
export function signalSame({ pid, start }: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!aliveSame(pid, start)) return false
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

function mustBeSignallable(pid: number, name: string): void {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return
    throw new SquallError('not-permitted', `${name} belongs to another user: it may not be signalled`, { cause: error })
  }
}
