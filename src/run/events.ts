/** What a run tells while it goes on: the views, plain or live, are made of these and nothing else. */
import type { Experiment, Phase } from '../document/experiment.ts'
import type { ChangeSummary } from '../guardian/protocol.ts'
import type { LiveTick } from '../records/live-tick.ts'
import type { Abort, ChangeRecord, Sample, TrafficSecond } from '../records/run-data.ts'

export type RunNews =
  | {
      is: 'started'
      id: string
      dir: string
      seed: number
      experiment: Experiment
      changes: readonly ChangeSummary[]
      weakest: string
      placebo?: true
    }
  | { is: 'phase'; phase: Phase; at: number; planned: number }
  | { is: 'tick'; tick: LiveTick }
  /** A second of the load whose requests have all ended. */
  | { is: 'second'; second: TrafficSecond }
  | { is: 'sample'; measure: string; sample: Sample }
  | { is: 'change'; change: Readonly<ChangeRecord>; at: number }
  | { is: 'abort'; abort: Abort }
  | { is: 'note'; at: number; level: 'info' | 'warn' | 'error'; text: string }

export type TellNews = (news: RunNews) => void
