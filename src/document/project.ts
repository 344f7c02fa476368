/** The project file `squall.yaml`: what holds for all experiments below its folder, where no experiment's author can lift it. */
import type { Environment, Place } from './experiment.ts'

/** At most so many targets: a number is for all faults of a run together, a share (0…1) for each of what it matches. */
export type TargetCap = { count: number } | { share: number }

/** Times at which a run may go on. `days`: 1 Monday … 7 Sunday; `from`, `to`: minutes since midnight in `zone`. */
export interface Hours {
  days: number[]
  from: number
  to: number
  zone: string
}

/** One rule of a policy: its value, how it was written, and where: `squall.yaml:7`. */
export interface Rule<T> {
  value: T
  text: string
  at: string
}

/** What an environment allows. Absent: no limit. Durations in ms. */
export interface Policy {
  maxTargets?: Rule<TargetCap>
  places?: Rule<(Place | 'none')[]>
  faults?: Rule<string[]>
  maxDuration?: Rule<number>
  hours?: Rule<Hours>
  mustExpire?: Rule<boolean>
  heartbeatLost?: Rule<number>
}

export interface Project {
  /** Absolute path. */
  file: string
  environments: Partial<Record<Environment, Policy>>
  /** Parts of a document, as they were written: they stand where a document says nothing. */
  defaults: Record<string, unknown>
  /** Absolute path. */
  secretsFile?: string
}

/** Names as in the file, for sentences. */
export const ruleNames: Record<keyof Policy, string> = {
  maxTargets: 'max_targets',
  places: 'places',
  faults: 'faults',
  maxDuration: 'max_duration',
  hours: 'hours',
  mustExpire: 'must_expire',
  heartbeatLost: 'heartbeat_lost',
}
