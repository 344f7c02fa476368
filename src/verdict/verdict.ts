/** The verdict: plain data, JSON-serialisable. Command line, report and notification print what stands here and nothing else. */
import type { JudgedPhase, MeasureKind, Unit } from '../document/experiment.ts'
import type { Abort, ChangeState } from '../records/run-data.ts'
import type { Outcome } from '../records/stored-run.ts'

export type { Outcome }
export type Answer = 'yes' | 'no' | "can't tell"
export type Decision = 'held' | 'breached' | "can't tell" | 'not judged'

export interface Question {
  answer: Answer
  /** One sentence. */
  reason: string
}

/**
 * One cell of the table measure × phase, judged.
 * `scale` says what `estimate`, `interval` and `allowed.value` are: `value` in the measure's own unit; `slower` the share of requests slower
 * than `allowed.limit` ms; `ratio` this phase over baseline (1.31 is +31 %); `difference` this phase minus baseline, in the measure's unit.
 */
export interface CellVerdict {
  measure: string
  kind: MeasureKind['kind']
  unit: Unit
  phase: JudgedPhase
  direction: 'max' | 'min'
  decision: Decision
  scale: 'value' | 'slower' | 'ratio' | 'difference'
  estimate: number | null
  /** Confidence interval on `scale`; null at an end: unbounded. */
  interval: [lo: number | null, hi: number | null]
  allowed: {
    /** On `scale`; null when it could not be resolved (no baseline). */
    value: number | null
    /** In the measure's own unit: what the phase was allowed. */
    limit: number | null
    /** For people: `5 %`, `+50 %`, `300 ms`. */
    text: string
    /** As the author wrote it, or the default. */
    written: string
  }
  /** The phase's (and baseline's) observed value in the measure's unit. */
  observed: number | null
  baseline: number | null
  /** What was counted: requests, intervals or readings. */
  n: number
  of: 'requests' | 'intervals' | 'readings'
  /** Share 0…1 of the judged stretch without trustworthy data. */
  missing: number
  /** One-sided error rates behind the interval's ends: for saying breached, and for saying held. */
  alpha: { breached: number; held: number }
  /** Variance inflation (rank interval) or design effect (shares); 1 when the samples are independent. */
  inflation: number
  /** Degrees of freedom of the t quantile; null: normal quantile, or no test. */
  df: number | null
  /** ms after the phase began, for a bound with `after`. */
  after?: number
  /** ms after the phase began when the bound began to hold for good; null: it did not. Only for a bound with `after`. */
  heldFrom?: number | null
  /** ms; the tail check's: what counts as slow. */
  slowerThan?: number
  /** It can fail a run; *can't tell* does not keep it from passing. */
  advisory?: true
  /** Resolution of a quantile from buckets, in the measure's unit. */
  resolution?: number
  /** Why it can't be told, in words. */
  why?: string
  /** Seconds of this phase (and of baseline) that would have been enough to decide, for *can't tell*. */
  wouldSuffice?: number
  sentence: string
}

/** When the system was itself again, counted from the first look that said inactive. */
export interface RecoveryTime {
  recovered: Answer
  /** ms; `censored`: not within the ms that were observed; null: can't be told. */
  time: number | { censored: number } | null
  sentence: string
}

/** Values of a phase (requirement A2). Times in ms since the run's start, `at` as ISO 8601. Null: no trustworthy data. */
export interface PhaseSummary {
  phase: JudgedPhase
  from: number
  to: number
  at: string
  /** Whole seconds in the phase, and those without trustworthy data. */
  seconds: number
  missing: number
  requests: number
  notSent: number
  p50: number | null
  p95: number | null
  p99: number | null
  /** ms; requests timed out at this limit, so that nobody knows how long those would have taken. Null: none did. */
  cutAt: number | null
  errorShare: number | null
  /** Good answers per second. */
  throughput: number | null
  /** By measure, for measures that come from sources. */
  readings: Record<string, ReadingSummary>
}

export interface ReadingSummary {
  n: number
  missing: number
  /** Median of the readings; a share: of all events. */
  value: number | null
  min: number | null
  max: number | null
}

/** What the fault did, whatever the verdict: from the begin of the fault phase to the end of recovery. */
export interface Harm {
  /** Requests beyond those that would have gone wrong at baseline's share; null: there was no load, or no baseline. */
  requests: number | null
  /** Seconds in which the error share was above what baseline explains; null likewise. */
  seconds: number | null
  worst: { at: number; errorShare: number } | null
  /** Seconds in which a measure was beyond the bound of its phase. */
  outOfBounds: OutOfBounds
  sentence: string
}

export interface OutOfBounds {
  /** With any measure beyond its bound. */
  seconds: number
  /** Seconds of fault and recovery phase together. */
  of: number
  /** The measures that were, the longest first. */
  measures: { measure: string; seconds: number }[]
}

/** Did a measure move within the baseline, second half against first? By the interval that judges recovery, with half its margin, both ways. */
export interface Stability {
  measure: string
  decision: 'stable' | 'moved' | "can't tell"
  /** `ratio`: second half over first; `difference`: in the measure's unit. */
  scale: 'ratio' | 'difference'
  estimate: number | null
  interval: [lo: number | null, hi: number | null]
  /** How far it may move either way: 0.25 is ±25 % on `ratio`. */
  margin: number
  /** Trend over the baseline, a minute: 0.02 is +2 % on `ratio`; null: too few points. */
  perMinute: number | null
  sentence: string
}

/** The rollback's outcome, a field of its own everywhere. `none`: nothing was changed. */
export interface RollbackOutcome {
  state: 'none' | 'verified' | 'handed over' | 'changed by others' | 'unverified' | 'stuck'
  changes: { fault: string; target: string; state: ChangeState }[]
  sentence: string
}

/** What a plan can say about one bound that is relative to baseline, in four of five runs. On the bound's own scale, as in `CellVerdict`. */
export interface Precision {
  measure: string
  phase: JudgedPhase
  direction: 'max' | 'min'
  scale: 'ratio' | 'difference'
  /** Where the noise comes from. */
  basis: 'typical noise' | 'an earlier run' | 'baseline'
  noise: Wobble
  allowed: number
  /** The smallest change that would be found to break the bound; null: no change would. */
  finds: number | null
  /** The tightest bound that would be proved to hold when nothing has changed; null: none would. */
  proves: number | null
  /** Whether that is enough for this bound. */
  enough: boolean
  /** Seconds of each phase that would be, when it is not; null: no run of a day. */
  wouldSuffice: number | null
  sentence: string
}

/** How a measure wobbles while nothing is wrong. */
export type Wobble =
  /** Of interval values: standard deviation (of logarithms on `ratio`), lag-1 correlation, requests in an interval (0: readings), typical value. */
  | { kind: 'series'; spread: number; correlation: number; requests: number; value: number | null }
  /** Share of bad events and its design effect. */
  | { kind: 'share'; p: number; deff: number }

export interface Verdict {
  /** Version of the judge's rules: the same samples give the same verdict. */
  judge: 1
  outcome: Outcome
  /** One sentence for people that names the finding. */
  because: string
  questions: { steady: Question; within: Question; recovered: Question }
  cells: CellVerdict[]
  recovery: RecoveryTime
  /** One for each measure that is compared with baseline. */
  stability: Stability[]
  /** The second half of baseline judged against the first as if it were recovery: *no* is a false alarm, since nothing had been injected. */
  halves: Question
  /** By the noise of this run's own baseline and its planned phases. */
  precision: Precision[]
  /** Requirement A3, in plain words. */
  notes: string[]
  phases: PhaseSummary[]
  harm: Harm | null
  /** Faults that were lost, weaker than asked or never there, in words. */
  faults: { fault: string; target: string; problem: 'never active' | 'died' | 'lost' | 'weak'; text: string }[]
  rollback: RollbackOutcome
  abort?: Abort
  /** Nothing was injected: did the judge cry wolf? Such a run never passes or fails the experiment. */
  placebo?: { alarm: Answer; sentence: string }
  /** Something went wrong in Squall, in an injector, or in the judge itself. */
  error?: { code: string; message: string }
}
