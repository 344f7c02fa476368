/** The judge: a pure function of the stored samples, so that `squall judge RUN` says the same again. */
import type { RunData } from '../records/run-data.ts'
import { baselinePrecision } from './baseline-noise.ts'
import { judgePhase, judgeRecoveryTime } from './cells.ts'
import { faultProblems } from './fault-problems.ts'
import { judgeHalves } from './halves.ts'
import { harmOf } from './harm.ts'
import { notesOf } from './notes.ts'
import { outcomeOf, placeboOf, recoveredQuestion, withinQuestion } from './outcome.ts'
import { rollbackOutcome } from './rollback-outcome.ts'
import { stabilities } from './stability.ts'
import { steadyQuestion } from './steady.ts'
import { materialOf, windowOf } from './stretch.ts'
import { summaries } from './summary.ts'
import type { Precision, Question, Verdict } from './verdict.ts'

/**
 * Steady before? Within bounds during the fault? Recovered afterwards?
 * Never throws: a crash of the judge is *inconclusive* with the error attached, never a pass.
 */
export function judge(data: RunData): Verdict {
  try {
    return judgeOrThrow(data)
  } catch (error) {
    return crashed(data, error)
  }
}

/** What the run will be able to say, by the noise of its baseline: asked before anything is injected. Empty when that can't be told. */
export function judgePrecision(data: RunData): Precision[] {
  try {
    return baselinePrecision(materialOf(data))
  } catch {
    return [] // A note less, and no reason to end a run.
  }
}

/** Question 1 alone, asked before anything is injected: null when steady, else the reason. */
export function judgeSteady(data: RunData): string | null {
  try {
    const material = materialOf(data)
    const { answer, reason } = steadyQuestion(material, judgePhase(material, 'baseline'), stabilities(material))
    return answer === 'yes' ? null : reason
  } catch (error) {
    return `the judge failed: ${messageOf(error)}`
  }
}

function judgeOrThrow(data: RunData): Verdict {
  const material = materialOf(data)
  const [baseline, fault, after] = [judgePhase(material, 'baseline'), judgePhase(material, 'fault'), judgePhase(material, 'recovery')]
  const { recovery, cells: times } = judgeRecoveryTime(material)
  const cells = [...baseline, ...fault, ...after, ...times]
  const stability = stabilities(material)
  const questions = {
    steady: steadyQuestion(material, baseline, stability),
    within: withinQuestion(fault, windowOf(material, 'fault') !== undefined, data.abort),
    recovered: recoveredQuestion([...after, ...times], windowOf(material, 'recovery') !== undefined),
  }
  const found = {
    ...{ questions, cells, recovery, stability, halves: judgeHalves(material), precision: baselinePrecision(material) },
    ...{ phases: summaries(material), harm: harmOf(material, cells), faults: faultProblems(material) },
  }
  const placebo = placeboOf(data, found)
  return {
    judge: 1,
    ...outcomeOf(data, found),
    ...(placebo && { placebo }),
    ...found,
    notes: notesOf(material, found),
    rollback: rollbackOutcome(data.changes),
    ...(data.abort && { abort: data.abort }),
    ...(data.error && { error: data.error }),
  }
}

/** Aborted and error stay what they are; only an answer that the judge owed becomes *can't tell*. */
function crashed(data: RunData, error: unknown): Verdict {
  const reason = `the judge failed: ${messageOf(error)}`
  const unknown: Question = { answer: "can't tell", reason }
  const outcome = data?.error ? 'error' : data?.abort ? 'aborted' : 'inconclusive'
  return {
    judge: 1,
    outcome,
    because: outcome === 'inconclusive' ? `Inconclusive: ${reason}` : (data.error?.message ?? data.abort?.why ?? reason),
    questions: { steady: unknown, within: unknown, recovered: unknown },
    cells: [],
    recovery: { recovered: "can't tell", time: null, sentence: '' },
    stability: [],
    halves: unknown,
    precision: [],
    notes: [],
    phases: [],
    harm: null,
    faults: [],
    rollback: Array.isArray(data?.changes) ? rollbackOutcome(data.changes) : { state: 'none', changes: [], sentence: '' },
    ...(data?.abort && { abort: data.abort }),
    ...(data?.placebo && { placebo: { alarm: "can't tell", sentence: `Placebo, nothing was injected: ${reason}` } }),
    error: { code: 'internal', message: reason },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
