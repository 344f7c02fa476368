/** What is kept of a run beside its data: the document, the verdict, events. The shapes that writer, reader and index share. */
import type { Experiment } from '../document/experiment.ts'
import type { Abort, RunData } from './run-data.ts'

export type Outcome = 'passed' | 'failed' | 'inconclusive' | 'aborted' | 'error'

/** The part of a verdict that records need to know; the whole object is kept as it is. */
export interface StoredVerdict {
  outcome: Outcome
  /** One sentence for people. */
  because: string
}

/** Known when a run begins. */
export interface RunStart {
  experiment: Experiment
  /** SHA-256 of the document, hex. */
  hash: string
  /** The document as it was read. */
  document: string
  /** ISO 8601. */
  startedAt: string
  seed: number
  /** What the preview said: targets, changes, what survives what. Plain data. */
  plan?: unknown
  /** Squall's own version. */
  version?: string
  placebo?: true
}

/** What a run says about the judge itself: comparisons for which nothing had been injected. Null: it could not tell. */
export interface Trials {
  /** The second half of the baseline against its first. */
  halves: 'alarm' | 'quiet' | null
  /** A placebo run's answer, and what each comparison with baseline came to, by `measure phase direction scale`. */
  placebo?: { result: 'alarm' | 'quiet' | null; shifts: Record<string, number> }
}

export interface RunEvent {
  /** ms since the run's start. */
  at: number
  level: 'info' | 'warn' | 'error'
  text: string
  data?: unknown
}

export interface RunEnd<V extends StoredVerdict = StoredVerdict> {
  verdict: V
  outcome: Outcome
  /** ISO 8601. */
  endedAt: string
  /** Process exit status, `design.md` §4. */
  exit: number
}

/** A run as it was kept. `verdict`, `outcome`, `exit` and `endedAt` are absent while it goes on. */
export interface StoredRun<V extends StoredVerdict = StoredVerdict> extends RunData {
  hash: string
  document: string
  seed: number
  plan?: unknown
  version?: string
  events: RunEvent[]
  verdict?: V
  outcome?: Outcome
  exit?: number
}

/** What a judge gives back to those who close a run; `rollback` is the word for the index, e.g. `verified`. */
export interface Judged<V extends StoredVerdict = StoredVerdict> {
  verdict: V
  exit: number
  rollback: string
  trials: Trials
}

/** How a run is judged; handed in, since records know nothing of statistics. */
export type JudgeRun = (data: RunData) => Judged

export type RunError = NonNullable<RunData['error']>

/** The last moment, in ms since the run's start, of which the record knows anything. Planned ends of phases do not count. */
export function lastInstant(run: Pick<StoredRun, 'phases' | 'traffic' | 'samples' | 'changes' | 'events'>, abort?: Abort): number {
  let last = abort?.at ?? 0
  const see = (at: number | undefined): void => {
    if (at !== undefined && Number.isFinite(at) && at > last) last = at
  }
  for (const phase of run.phases) see(phase.from)
  for (const second of run.traffic) see((second.t + 1) * 1000)
  for (const series of Object.values(run.samples)) for (const sample of series) see(sample.at)
  for (const event of run.events) see(event.at)
  for (const change of run.changes) {
    for (const { injectedAt, activeAt, undoAt, inactiveAt, settledAt } of [...(change.earlier ?? []), change])
      for (const at of [injectedAt, activeAt, undoAt, inactiveAt, settledAt]) see(at)
    for (const look of change.looks) see(look.at)
  }
  return last
}
