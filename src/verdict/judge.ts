// STUB by the lead so that the run can be tried; the verdict helper replaces this file.
import type { RunData } from '../records/run-data.ts'
import type { Verdict } from './verdict.ts'
export function judgeSteady(_data: RunData): string | null {
  return null
}
export function judge(data: RunData): Verdict {
  const outcome = data.error ? 'error' : data.abort ? 'aborted' : 'passed'
  const question = { answer: "can't tell", reason: 'stub' } as const
  return { judge: 1, outcome, because: `stub: ${data.error?.message ?? data.abort?.why ?? outcome}`, questions: { steady: question, within: question, recovered: question }, cells: [], recovery: { recovered: "can't tell", time: null, sentence: '' }, notes: [], phases: [], harm: null, faults: [], rollback: { state: 'none', changes: [], sentence: '' } }
}
