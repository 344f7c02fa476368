/** What a phase showed, measure by measure: the same number for the summary, the page and the table of both. */
import type { JudgedPhase, Measure } from '../document/experiment.ts'
import { quantity } from '../verdict/numbers.ts'
import type { CellVerdict, Decision, PhaseSummary, Verdict } from '../verdict/verdict.ts'

export const judgedPhases = ['baseline', 'fault', 'recovery'] as const satisfies readonly JudgedPhase[]

export interface ObservedCell {
  /** In the measure's unit; null: no trustworthy data. */
  value: number | null
  /** For people: `231 ms`, `no data`. */
  text: string
  judged: CellVerdict[]
}

/** One cell of the table measure × phase; null where the phase never came. */
export function observedCell(verdict: Verdict, measure: Measure, phase: JudgedPhase): ObservedCell | null {
  const judged = verdict.cells.filter((cell) => cell.measure === measure.name && cell.phase === phase)
  const summary = verdict.phases.find((each) => each.phase === phase)
  if (!summary && judged.length === 0) return null
  const value = (summary && fromSummary(summary, measure)) ?? judged.find((cell) => cell.observed !== null)?.observed ?? null
  return {
    value,
    text: value === null ? 'no data' : `${isCut(verdict, measure, phase, value) ? '≥ ' : ''}${quantity(value, measure.unit)}`,
    judged,
  }
}

/** At the timeout the real time is not known, only that it was longer. */
function isCut({ phases }: Verdict, { from, is }: Measure, phase: JudgedPhase, value: number): boolean {
  const cutAt = phases.find((summary) => summary.phase === phase)?.cutAt ?? null
  return from === 'traffic' && is.kind === 'latency' && cutAt !== null && value >= cutAt
}

function fromSummary(summary: PhaseSummary, { name, from, is }: Measure): number | null {
  if (from !== 'traffic') return summary.readings[name]?.value ?? null
  if (is.kind === 'share') return summary.errorShare
  if (is.kind === 'level') return summary.throughput
  const quantiles: Record<string, number | null> = { 0.5: summary.p50, 0.95: summary.p95, 0.99: summary.p99 }
  return is.kind === 'latency' ? (quantiles[is.quantile] ?? null) : null
}

export const decisionMarks: Record<Decision, string> = { held: '✓', breached: '✗', "can't tell": '?', 'not judged': '·' }

/** What was allowed, as the author wrote it: `max 1.5x`. */
export function allowedWords(cell: CellVerdict): string {
  return `${cell.direction} ${cell.allowed.written}`
}

/** What the numbers in brackets of a sentence are. */
export const bracketWords = 'In brackets: what the data leaves open. Each end is wrong in at most 1 of 20 runs.'
