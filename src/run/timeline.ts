/** What is asked of the guardian when, in ms since the fault phase began. Pure. */
import type { Experiment } from '../document/experiment.ts'
import { stretchesOf } from '../document/fault-times.ts'

export interface TimelineEvent {
  at: number
  do: 'inject' | 'rollback'
  fault: string
  /** 0 for the first time a fault acts, 1 for the second … */
  round: number
  /** When this round is over. */
  until: number
}

/** In order of time; at the same time rollbacks come first, so that one fault can follow another on the same part. */
export function timelineOf(experiment: Experiment): TimelineEvent[] {
  const phase = experiment.phases.fault
  const events = experiment.faults.flatMap((fault) =>
    stretchesOf(fault, phase).flatMap(([begin, until], round): TimelineEvent[] => {
      const inject: TimelineEvent = { at: begin, do: 'inject', fault: fault.name, round, until }
      // What lasts to the end of the phase is undone together with everything else, in reverse order.
      return until >= phase ? [inject] : [inject, { at: until, do: 'rollback', fault: fault.name, round, until }]
    }),
  )
  return events.sort((a, b) => a.at - b.at || (a.do === b.do ? 0 : a.do === 'rollback' ? -1 : 1))
}
