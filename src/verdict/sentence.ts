/** One sentence a cell: the same text on the command line, in the report and in a notification. */
import type { Unit } from '../document/experiment.ts'
import { change, digits, percentMore, quantity, ratio, seconds, signed, span } from './numbers.ts'
import type { CellVerdict } from './verdict.ts'

export const phaseWords = { baseline: 'before the fault', fault: 'during the fault', recovery: 'after the fault' } as const

/** `error_rate during the fault was 61.3 % [58.9, 63.7], allowed 5 %`: what was found, without the decision. */
export function finding(cell: CellVerdict): string {
  const when = cell.after === undefined ? phaseWords[cell.phase] : `${phaseWords[cell.phase]} (from +${seconds(cell.after)})`
  const allowed = cell.kind === 'recovery-time' && cell.allowed.limit !== null ? span(cell.allowed.limit) : cell.allowed.text
  const limit = cell.direction === 'min' ? `at least ${allowed} required` : `allowed ${allowed}`
  if (cell.estimate === null) return `${cell.measure} ${when}, ${limit}`
  if (cell.kind === 'recovery-time') return `${cell.measure} was ${span(cell.estimate)}, ${limit}`
  if (cell.scale === 'slower') {
    const slow = cell.allowed.limit === null ? '' : ` slower than ${quantity(cell.allowed.limit, cell.unit)}`
    return `${cell.measure} ${when}: ${number(cell)} of requests were${slow}, ${limit}`
  }
  if (cell.slowerThan !== undefined)
    return `${cell.measure} ${when}: ${number(cell)} of requests slower than ${quantity(cell.slowerThan, 'ms')} against the baseline, ${limit}`
  const against = cell.scale === 'value' ? '' : ' against the baseline'
  return `${cell.measure} ${when} was ${number(cell)}${against}, ${limit}`
}

export function sentenceOf(cell: CellVerdict): string {
  return `${finding(cell)}: ${decisionWords(cell)}${heldFromWords(cell)}`
}

function decisionWords({ decision, phase, kind, why, wouldSuffice }: CellVerdict): string {
  const after = phase === 'recovery' && kind !== 'recovery-time'
  if (decision === 'held') return after ? 'recovered' : 'held'
  if (decision === 'breached') return after ? 'not recovered' : 'breached'
  if (decision === 'not judged') return 'not judged'
  const reasons = [
    why ?? 'the interval holds the limit',
    ...(wouldSuffice === undefined ? [] : [`about ${wouldSuffice} s of each phase would suffice`]),
  ]
  return `can't tell (${reasons.join('; ')})`
}

function heldFromWords({ heldFrom, after, decision }: CellVerdict): string {
  if (after === undefined || heldFrom === undefined) return ''
  if (heldFrom !== null) return `, held from +${seconds(heldFrom)}`
  return decision === 'held' ? ', though never for long' : ', it never began to hold'
}

/** The estimate with its interval, `61.3 % [58.9, 63.7]`; an interval without width is left out. */
function number({ scale, unit, estimate, interval: [lo, hi] }: CellVerdict): string {
  const x = estimate ?? 0
  const text = scale === 'ratio' ? ratio(x) : scale === 'difference' ? change(x, unit) : quantity(x, scale === 'slower' ? 'share' : unit)
  if (lo === hi) return text
  const end = (value: number | null, open: string): string => (value === null ? open : bare(value, scale, unit, x))
  return `${text} [${end(lo, '-∞')}, ${end(hi, '∞')}]`
}

function bare(value: number, scale: CellVerdict['scale'], unit: Unit, estimate: number): string {
  if (scale === 'ratio') return estimate >= 10 ? digits(value) : percentMore(value)
  if (scale === 'difference') return signed(unit === 'share' ? value * 100 : value)
  return digits(scale === 'slower' || unit === 'share' ? value * 100 : value)
}
