/** When each fault comes and goes, in ms since the fault phase began. Pure. */
import type { Experiment, Fault } from '../document/experiment.ts'

export interface TimelineEvent {
  at: number
  do: 'inject' | 'rollback'
  fault: string
}

/** ms a fault lasts: its `for`, but never beyond the end of the fault phase. */
export function lastsFor(fault: Fault, phase: number): number {
  return Math.max(0, Math.min(fault.for ?? Number.POSITIVE_INFINITY, phase - fault.after))
}

/** In order of time; at the same time rollbacks come first, so that one fault can follow another on the same part. */
export function timelineOf(experiment: Experiment): TimelineEvent[] {
  const phase = experiment.phases.fault
  const events = experiment.faults.flatMap((fault): TimelineEvent[] => {
    if (fault.after >= phase) return []
    const end = fault.after + lastsFor(fault, phase)
    const inject: TimelineEvent = { at: fault.after, do: 'inject', fault: fault.name }
    // What lasts to the end of the phase is undone together with everything else, in reverse order.
    return end >= phase ? [inject] : [inject, { at: end, do: 'rollback', fault: fault.name }]
  })
  return events.sort((a, b) => a.at - b.at || (a.do === b.do ? 0 : a.do === 'rollback' ? -1 : 1))
}
