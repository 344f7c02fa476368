/** One cell of the table measure × phase: what is asked, and how an interval answers it. */
import type { Bound, JudgedPhase, Measure } from '../document/experiment.ts'
import { change, quantity, ratio } from './numbers.ts'
import type { CellVerdict } from './verdict.ts'

export interface Asked {
  measure: Measure
  phase: JudgedPhase
  direction: 'max' | 'min'
  bound: Bound
  /** One-sided error rates for *breached* and for *held*. */
  alpha: { breached: number; held: number }
}

/** Everything an interval says about a cell. `lo` and `hi` may be infinite. */
export interface Evidence {
  scale: CellVerdict['scale']
  estimate: number
  lo: number
  hi: number
  /** On `scale`. */
  allowed: number
  inflation: number
  df: number | null
  /** Length of the judged stretch, for *would suffice*. */
  seconds: number
}

/** Nothing known yet: can't tell. */
export function openCell({ measure, phase, direction, bound, alpha }: Asked): CellVerdict {
  const limit = bound.limit.kind === 'absolute' ? bound.limit.value : null
  return {
    measure: measure.name,
    kind: measure.is.kind,
    unit: measure.unit,
    phase,
    direction,
    decision: "can't tell",
    scale: 'value',
    estimate: null,
    interval: [null, null],
    allowed: { value: limit, limit, text: limit === null ? bound.text : quantity(limit, measure.unit), written: bound.text },
    observed: null,
    baseline: null,
    n: 0,
    of: 'requests',
    missing: 1,
    alpha,
    inflation: 1,
    df: null,
    ...(bound.after !== undefined && { after: bound.after }),
    sentence: '',
  }
}

/** Rounding must not turn an exact equality into a breach. */
const slack = (x: number): number => 1e-9 * Math.max(1e-3, Math.abs(x))

/** Only proof decides: breached when the whole interval is beyond the limit, held when all of it is within. */
export function conclude(cell: CellVerdict, evidence: Evidence): void {
  const { scale, estimate, lo, hi, allowed, inflation, df } = evidence
  const upper = cell.direction === 'max'
  const breached = upper ? lo > allowed + slack(allowed) : hi < allowed - slack(allowed)
  const held = upper ? hi <= allowed + slack(allowed) : lo >= allowed - slack(allowed)
  Object.assign(cell, {
    scale,
    estimate,
    interval: [finite(lo), finite(hi)],
    inflation,
    df,
    decision: breached ? 'breached' : held ? 'held' : "can't tell",
  })
  cell.allowed.value = allowed
  cell.allowed.text = allowedText(cell, allowed)
  if (cell.decision !== "can't tell") return
  const suffices = wouldSuffice(evidence)
  if (suffices !== null) cell.wouldSuffice = suffices
}

/** An interval shrinks with the square root of the time: how long until this estimate would be clear of the limit. */
function wouldSuffice({ estimate, lo, hi, allowed, seconds }: Evidence): number | null {
  const half = estimate <= allowed ? hi - estimate : estimate - lo
  const gap = Math.abs(allowed - estimate)
  const wanted = Number.isFinite(half) ? Math.ceil(seconds * 1.1 * (half / gap) ** 2) : seconds * 4
  return Number.isFinite(wanted) && wanted > seconds && wanted <= 86_400 ? wanted : null
}

function allowedText({ scale, unit }: CellVerdict, allowed: number): string {
  if (scale === 'ratio') return ratio(allowed)
  if (scale === 'difference') return change(allowed, unit)
  return quantity(allowed, scale === 'slower' ? 'share' : unit)
}

function finite(x: number): number | null {
  return Number.isFinite(x) ? x : null
}
