/**
 * Runs as JUnit XML, which every CI system shows. A run is a test suite; its hypothesis, each judged cell and the rollback are test cases.
 * Refuted is a failure; what kept a run from answering is an error; what could not be told is skipped, never passed.
 */
import type { StoredRun } from '../records/stored-run.ts'
import type { CellVerdict, RollbackOutcome, Verdict } from '../verdict/verdict.ts'
import { allowedWords } from './observed.ts'
import { renderSummary } from './summary.ts'
import { factsOf } from './words.ts'
import { type Element, renderXml } from './xml.ts'

type Run = StoredRun<Verdict>
type Case = { name: string; end?: { is: 'failure' | 'error' | 'skipped'; type: string; message: string } }

export function renderJunit(runs: readonly Run[]): string {
  const suites = runs.map((run) => ({ run, cases: casesOf(run) }))
  const all = suites.flatMap(({ cases }) => cases)
  const { skipped: _skipped, ...totals } = counts(all)
  const time = suites.reduce((sum, { run }) => sum + seconds(run), 0)
  return renderXml({
    name: 'testsuites',
    // The schema of Jenkins knows no `skipped` here.
    attributes: { name: 'squall', ...totals, time: time.toFixed(3) },
    content: suites.map(({ run, cases }) => suite(run, cases)),
  })
}

function suite(run: Run, cases: readonly Case[]): Element {
  const { experiment, startedAt } = run
  const properties = factsOf(run).map(([name, value]): Element => ({ name: 'property', attributes: { name, value } }))
  return {
    name: 'testsuite',
    attributes: { name: experiment.name, ...counts(cases), time: seconds(run).toFixed(3), timestamp: startedAt.slice(0, 19) },
    content: [
      { name: 'properties', attributes: {}, content: properties },
      // The time of a run belongs to all cases together: it stands at the first, so that their sum is right.
      ...cases.map((one, n) => testcase(experiment.name, one, n === 0 ? seconds(run) : 0)),
      { name: 'system-out', attributes: {}, content: renderSummary(run, { color: false }) },
    ],
  }
}

function testcase(classname: string, { name, end }: Case, time: number): Element {
  const attributes = { classname, name, time: time.toFixed(3) }
  if (!end) return { name: 'testcase', attributes }
  const { is, type, message } = end
  return {
    name: 'testcase',
    attributes,
    content: [is === 'skipped' ? { name: is, attributes: { message } } : { name: is, attributes: { type, message }, content: message }],
  }
}

function casesOf(run: Run): Case[] {
  const { verdict, experiment } = run
  if (!verdict) return [{ name: experiment.hypothesis, end: { is: 'skipped', type: 'running', message: 'This run has no verdict yet.' } }]
  const judged = verdict.cells.filter((cell) => cell.decision !== 'not judged')
  return [hypothesis(experiment.hypothesis, verdict), ...judged.map(cellCase), rollback(verdict.rollback)]
}

function hypothesis(name: string, { outcome, because: message }: Verdict): Case {
  if (outcome === 'passed') return { name }
  const is = { failed: 'failure', inconclusive: 'skipped', aborted: 'error', error: 'error' } as const
  return { name, end: { is: is[outcome], type: outcome, message } }
}

function cellCase(cell: CellVerdict): Case {
  const name = `${cell.measure} in ${cell.phase}: ${allowedWords(cell)}`
  if (cell.decision === 'held') return { name }
  return { name, end: { is: cell.decision === 'breached' ? 'failure' : 'skipped', type: cell.decision, message: cell.sentence } }
}

function rollback({ state, sentence: message }: RollbackOutcome): Case {
  const name = 'rollback'
  if (state === 'unverified' || state === 'stuck' || state === 'changed by others')
    return { name, end: { is: 'error', type: state, message } }
  return { name }
}

function counts(cases: readonly Case[]): Record<'tests' | 'failures' | 'errors' | 'skipped', number> {
  const of = (is: string): number => cases.filter(({ end }) => end?.is === is).length
  return { tests: cases.length, failures: of('failure'), errors: of('error'), skipped: of('skipped') }
}

/** How long the run lasted; 0 while its end is not known. */
function seconds({ startedAt, endedAt }: Run): number {
  const ms = Date.parse(endedAt ?? startedAt) - Date.parse(startedAt)
  return Number.isFinite(ms) ? Math.max(0, ms / 1000) : 0
}
