/** The verdict: plain data, JSON-serialisable. Command line, report and notification print what stands here and nothing else. */
import type { JudgedPhase, MeasureKind, Unit } from '../document/experiment.ts'
import type { Abort, ChangeState } from '../records/run-data.ts'

export type Outcome = 'passed' | 'failed' | 'inconclusive' | 'aborted' | 'error'
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

/** What the fault did, whatever the verdict. */
export interface Harm {
  /** Requests beyond those that would have gone wrong at baseline's share, fault phase to the end of recovery. */
  requests: number
  /** Seconds in which the error share was above what baseline explains. */
  seconds: number
  worst: { at: number; errorShare: number } | null
}

/** The rollback's outcome, a field of its own everywhere. `none`: nothing was changed. */
export interface RollbackOutcome {
  state: 'none' | 'verified' | 'handed over' | 'changed by others' | 'unverified' | 'stuck'
  changes: { fault: string; target: string; state: ChangeState }[]
  sentence: string
}

export interface Verdict {
  /** Version of the judge's rules: the same samples give the same verdict. */
  judge: 1
  outcome: Outcome
  /** One sentence for people that names the finding. */
  because: string
  questions: { steady: Question; within: Question; recovered: Question }
  cells: CellVerdict[]
  recovery: RecoveryTime
  /** Requirement A3, in plain words. */
  notes: string[]
  phases: PhaseSummary[]
  harm: Harm | null
  /** Faults that were lost, weaker than asked or never there, in words. */
  faults: { fault: string; target: string; problem: 'never active' | 'died' | 'lost' | 'weak'; text: string }[]
  rollback: RollbackOutcome
  abort?: Abort
  /** Something went wrong in Squall, in an injector, or in the judge itself. */
  error?: { code: string; message: string }
}
