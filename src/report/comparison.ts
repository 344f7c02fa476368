/** Two runs side by side as plain data: what differed in the question, what differed in the answer, and how sure that is. */
import { rampWords } from '../faults/ramp.ts'
import type { ChangeRecord } from '../records/run-data.ts'
import type { StoredRun } from '../records/stored-run.ts'
import { type Contrast, contrasts, equalRatio, equalShares } from '../verdict/contrast.ts'
import { digits, span } from '../verdict/numbers.ts'
import { median } from '../verdict/quantile.ts'
import type { CellVerdict, Verdict } from '../verdict/verdict.ts'
import { type Difference, documentDifferences } from './document-difference.ts'
import { allowedWords } from './observed.ts'

type Run = StoredRun<Verdict>

export interface Comparison {
  schema: 'squall.compare/1'
  a: RunHead
  b: RunHead
  /** By name. */
  sameExperiment: boolean
  sameDocument: boolean
  document: Difference[]
  measures: Contrast[]
  bounds: BoundPair[]
  recovery: { a: string; b: string }
  harm: { a: string | null; b: string | null }
  faults: FaultPair[]
  /** What keeps these numbers from meaning more than they do. */
  caveats: string[]
}

interface RunHead {
  id: string
  name: string
  startedAt: string
  outcome: string
  because: string
  rollback: string
}

/** One judged cell in both runs; null: not judged in this one. */
interface BoundPair {
  cell: string
  a: Pick<CellVerdict, 'decision' | 'sentence'> | null
  b: Pick<CellVerdict, 'decision' | 'sentence'> | null
}

/** One fault in both runs, each in words; null: not in this one. */
interface FaultPair {
  fault: string
  a: string | null
  b: string | null
}

export function compareRuns(a: Run, b: Run): Comparison {
  const document = documentDifferences(a.experiment, b.experiment)
  const sameExperiment = a.experiment.name === b.experiment.name
  const measures = contrasts(a, b)
  return {
    schema: 'squall.compare/1',
    a: headOf(a),
    b: headOf(b),
    sameExperiment,
    sameDocument: document.length === 0,
    document,
    measures,
    bounds: boundPairs(a.verdict?.cells ?? [], b.verdict?.cells ?? []),
    recovery: { a: recoveryWords(a), b: recoveryWords(b) },
    harm: { a: harmWords(a), b: harmWords(b) },
    faults: faultPairs(a, b),
    caveats: caveatsOf(a, b, measures),
  }
}

function headOf({ id, experiment, startedAt, verdict }: Run): RunHead {
  return {
    ...{ id, name: experiment.name, startedAt, outcome: verdict?.outcome ?? 'running' },
    ...{ because: verdict?.because ?? 'no verdict yet', rollback: verdict?.rollback.state ?? 'unknown' },
  }
}

function boundPairs(a: readonly CellVerdict[], b: readonly CellVerdict[]): BoundPair[] {
  const judged = (cells: readonly CellVerdict[]): Map<string, CellVerdict> =>
    new Map(
      cells.filter(({ decision }) => decision !== 'not judged').map((cell) => [`${cell.measure} ${cell.phase} ${cell.direction}`, cell]),
    )
  const [left, right] = [judged(a), judged(b)]
  const part = (cell: CellVerdict | undefined): BoundPair['a'] => (cell ? { decision: cell.decision, sentence: cell.sentence } : null)
  return [...new Set([...left.keys(), ...right.keys()])].map((key) => {
    const [one, other] = [left.get(key), right.get(key)]
    const words = [...new Set([one, other].flatMap((cell) => (cell ? [allowedWords(cell)] : [])))].join(' → ')
    const { measure, phase } = (one ?? other) as CellVerdict
    return { cell: `${measure} ${phase}: ${words}`, a: part(one), b: part(other) }
  })
}

function recoveryWords({ verdict }: Run): string {
  const time = verdict?.recovery.time ?? null
  if (time === null) return "can't tell"
  return typeof time === 'number' ? span(time) : `not within ${span(time.censored)}`
}

function harmWords({ verdict }: Run): string | null {
  const harm = verdict?.harm
  return harm ? harm.sentence || 'none that was seen' : null
}

function faultPairs(a: Run, b: Run): FaultPair[] {
  const names = new Set([...a.changes, ...b.changes].map(({ fault }) => fault))
  return [...names].map((fault) => ({ fault, a: faultWords(a.changes, fault), b: faultWords(b.changes, fault) }))
}

function faultWords(changes: readonly ChangeRecord[], fault: string): string | null {
  const own = changes.filter((change) => change.fault === fault)
  if (own.length === 0) return null
  return own
    .map((change) => {
      const { target, state, injectedAt, looks, ramp, earlier = [] } = change
      if (injectedAt === undefined) return `${target}: never injected`
      const acted = [...earlier, change].flatMap(({ activeAt, inactiveAt }) =>
        activeAt !== undefined && inactiveAt !== undefined ? [inactiveAt - activeAt] : [],
      )
      const lasted = acted.length > 0 ? [`active for ${span(acted.reduce((sum, ms) => sum + ms, 0))}`] : []
      const times = earlier.length > 0 ? [`${earlier.length + 1} times`] : []
      // The median of what moved says nothing: the range does.
      return `${target}: ${[...times, ...lasted, ...(ramp ? [rampWords(ramp)] : doseWords(looks)), state].join(', ')}`
    })
    .join('; ')
}

/** The median of what was seen while the fault was active. */
function doseWords(looks: ChangeRecord['looks']): string[] {
  const seen = looks.filter((look) => look.active)
  const names = new Set(seen.flatMap((look) => Object.keys(look.dose ?? {})))
  return [...names].map((name) => `${name} ${Number(median(seen.flatMap((look) => look.dose?.[name] ?? [])).toPrecision(3))}`)
}

function caveatsOf(a: Run, b: Run, measures: readonly Contrast[]): string[] {
  const rates = [a, b].map((run) => run.experiment.traffic?.rate)
  const before = measures.filter(({ phase, found }) => phase === 'baseline' && (found === 'higher' || found === 'lower'))
  return [
    ...(rates[0] === rates[1]
      ? []
      : [`the load was not the same: ${rates.map((rate) => (rate === undefined ? 'none' : `${rate}/s`)).join(' and ')}`]),
    ...(before.length === 0
      ? []
      : [`the system was not the same before the fault: ${before.map(({ measure, found }) => `${measure} was ${found}`).join(', ')}`]),
    `less than ${digits((equalRatio - 1) * 100)} % or ${digits(equalShares * 100)} pp is not called a difference: a healthy service wanders that much`,
    'recovery times and counts of requests are one observation each: two runs cannot say how much they vary by themselves',
    'a difference that is shown is one between these two runs; what caused it takes more runs, one change at a time',
  ]
}
