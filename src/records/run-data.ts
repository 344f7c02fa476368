/** What a run leaves behind, as plain data: the input of the judge, the report and the export. */
import type { Experiment, Phase, Ramp } from '../document/experiment.ts'

/** A stretch of the run. `from`/`to` in ms since the run's start, monotonic clock; `to` is exclusive. */
export interface PhaseWindow {
  phase: Phase
  from: number
  to: number
}

/**
 * One second of the load, by *intended* start: second `t` holds the requests meant to start in [t, t+1) s since the run's start.
 * planned = ok + error + timeout + notSent (+ open, only where the run was cut off).
 */
export interface TrafficSecond {
  t: number
  planned: number
  ok: number
  error: number
  timeout: number
  notSent: number
  /** ms from the intended start to the end, for each request that ended as ok, error or timeout (a timeout counts its limit: a lower bound). */
  latencies: number[]
  /** ms that Squall itself started late, 99th percentile of this second's requests. */
  lagP99: number
  /** The generator's own event loop or connection lag made this second untrustworthy. */
  suspect: boolean
  /** First few reasons of errors and not-sent requests, with counts. */
  reasons: Record<string, number>
}

/**
 * One reading of a source. `at` in ms since the run's start; `over`: it sums up that many ms before `at` (absent: it is of that instant).
 * Missing stays missing, with the reason.
 */
export type Sample = { at: number; over?: number } & (
  | { value: number }
  | { bad: number; total: number }
  | { buckets: [le: number, count: number][] }
  | { missing: string }
)

/** The states of one change of the world, `safety.md` rule 17. */
export type ChangeState =
  | 'planned'
  | 'injecting'
  | 'active'
  | 'undoing'
  | 'verified'
  | 'nothing to undo'
  | 'changed by others'
  | 'handed over'
  | 'unverified'
  | 'stuck'

/** What `look` said: evidence in words, targets hit, achieved dose, and when (ms since the run's start). */
export interface LookRecord {
  at: number
  active: boolean | null
  seen: string
  hit?: [number, number]
  dose?: Record<string, number>
  /** What the dials that move were told to show just then. */
  asked?: Record<string, number>
}

/** When a change was made and undone, ms since the run's start; absent when it did not happen. */
export interface ChangeTimes {
  injectedAt?: number
  activeAt?: number
  undoAt?: number
  inactiveAt?: number
  settledAt?: number
}

/** One change (one fault at one target), as the guardian reported it. Of a fault that repeats, times and state are those of the last time. */
export interface ChangeRecord extends ChangeTimes {
  fault: string
  type: string
  target: string
  does: string
  undoes: string
  state: ChangeState
  /** How its dials moved. */
  ramp?: Ramp
  /** The times before the last one, oldest first: each was verified before the next began. */
  earlier?: ChangeTimes[]
  /** Why a fault was lost or weaker than asked, in words. */
  lost?: string
  weak?: string
  /** The process the fault acted on ended by itself: the run is an error. */
  diedByItself?: string
  looks: LookRecord[]
  error?: string
}

/** Why a run was cut short. */
export interface Abort {
  by: 'guard' | 'blind' | 'operator' | 'halt' | 'deadline' | 'slept' | 'runner lost'
  why: string
  /** The measure whose bound was broken, for `guard`. */
  measure?: string
  /** True when a bound was proved broken: counts like a failed run for findings. */
  breached: boolean
  /** ms since the run's start. */
  at: number
}

export interface RunData {
  id: string
  experiment: Experiment
  /** ISO 8601. */
  startedAt: string
  endedAt?: string
  /** A run in which nothing was injected, to see how often the judge cries wolf. */
  placebo?: true
  phases: PhaseWindow[]
  /** Empty when the experiment has no traffic. */
  traffic: TrafficSecond[]
  /** By measure name, for measures that come from sources. */
  samples: Record<string, Sample[]>
  changes: ChangeRecord[]
  abort?: Abort
  /** Something in Squall, a source or an injector went wrong: outcome `error`. */
  error?: { code: string; message: string }
}
