/** When a fault acts, in ms since the fault phase began. Pure. */
import type { Fault } from './experiment.ts'
import { formatQuantity } from './quantity.ts'

type Timing = Pick<Fault, 'after' | 'for' | 'every'>

/** ms a fault acts each time: its `for`, but never beyond the end of the fault phase. */
export function lastsFor(fault: Timing, phase: number): number {
  return Math.max(0, Math.min(fault.for ?? Number.POSITIVE_INFINITY, phase - fault.after))
}

/** When it begins: once, or every so often for as long as another whole time fits into the phase. */
export function beginsOf(fault: Timing, phase: number): number[] {
  if (fault.after >= phase) return []
  const lasts = lastsFor(fault, phase)
  if (fault.every === undefined || fault.every <= 0) return [fault.after]
  const more = Math.max(0, Math.floor((phase - lasts - fault.after) / fault.every))
  return Array.from({ length: more + 1 }, (_, round) => fault.after + round * (fault.every as number))
}

/** From when to when it acts. */
export function stretchesOf(fault: Timing, phase: number): [from: number, to: number][] {
  const lasts = lastsFor(fault, phase)
  return beginsOf(fault, phase).map((begin) => [begin, begin + lasts])
}

/** `, again every 30s: 4 times`; empty for a fault that acts once. */
export function againWords(fault: Timing, phase: number): string {
  const times = beginsOf(fault, phase).length
  return fault.every === undefined || times < 2 ? '' : `, again every ${formatQuantity(fault.every, 'ms')}: ${times} times`
}
