/** The judge: a pure function of the stored samples, so that `squall judge RUN` says the same again. */
import type { RunData } from '../records/run-data.ts'
import { judgePhase, judgeRecoveryTime } from './cells.ts'
import { faultProblems } from './fault-problems.ts'
import { notesOf } from './notes.ts'
import { outcomeOf, recoveredQuestion, withinQuestion } from './outcome.ts'
import { rollbackOutcome } from './rollback-outcome.ts'
import { steadyQuestion } from './steady.ts'
import { materialOf, windowOf } from './stretch.ts'
import { harmOf, summaries } from './summary.ts'
import type { Question, Verdict } from './verdict.ts'

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

/** Question 1 alone, asked before anything is injected: null when steady, else the reason. */
export function judgeSteady(data: RunData): string | null {
  try {
    const material = materialOf(data)
    const { answer, reason } = steadyQuestion(material, judgePhase(material, 'baseline'))
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
  const questions = {
    steady: steadyQuestion(material, baseline),
    within: withinQuestion(fault, windowOf(material, 'fault') !== undefined, data.abort),
    recovered: recoveredQuestion([...after, ...times], windowOf(material, 'recovery') !== undefined),
  }
  const found = { questions, cells, recovery, phases: summaries(material), harm: harmOf(material), faults: faultProblems(material) }
  return {
    judge: 1,
    ...outcomeOf(data, found),
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
    notes: [],
    phases: [],
    harm: null,
    faults: [],
    rollback: Array.isArray(data?.changes) ? rollbackOutcome(data.changes) : { state: 'none', changes: [], sentence: '' },
    ...(data?.abort && { abort: data.abort }),
    error: { code: 'internal', message: reason },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
