/** A process as a fault remembers it: good for this boot only. */
import type { Json, Target } from '../injector.ts'
import { aliveSame, bootId, type ProcessStat } from '../../system/proc.ts'

export interface ProcessState {
  pid: number
  /** Clock ticks since boot. */
  start: number
  boot: string
  comm: string
  [key: string]: Json
}

export function processState(target: Target): ProcessState {
  return { pid: Number(target.facts.pid), start: Number(target.facts.start), boot: bootId(), comm: String(target.facts.comm) }
}

/** Null when it has ended, also by a reboot. */
export function stillThere(state: ProcessState): ProcessStat | null {
  return state.boot === bootId() ? aliveSame(state.pid, state.start) : null
}

export function processLock(state: ProcessState): string {
  return `process:${state.pid}:${state.start}`
}
