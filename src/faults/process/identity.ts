/** A process as a fault remembers it: good for this boot only. */
import { SquallError } from '../../errors.ts'
import { aliveSame, bootId, type ProcessStat } from '../../system/proc.ts'
import type { Json, Target } from '../injector.ts'

export interface ProcessState {
  pid: number
  /** Clock ticks since boot. */
  start: number
  boot: string
  /** For people. */
  name: string
  [key: string]: Json
}

export function processState(target: Target): ProcessState {
  return { pid: Number(target.facts.pid), start: Number(target.facts.start), boot: bootId(), name: target.name }
}

/** @throws SquallError `no-permission` when this user may not signal it: said at plan, not in the middle of a run */
export function mustBeOurs(state: ProcessState): void {
  try {
    process.kill(state.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return
    throw new SquallError('no-permission', `${state.name} belongs to another user: this one may not signal it`)
  }
}

/** Null when it has ended, also by a reboot. */
export function stillThere(state: ProcessState): ProcessStat | null {
  return state.boot === bootId() ? aliveSame(state.pid, state.start) : null
}

export function processLock(state: ProcessState): string {
  return `process:${state.pid}:${state.start}`
}
