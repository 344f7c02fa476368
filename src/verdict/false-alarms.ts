/** How often the judge was wrong about this very system: comparisons in which nothing had been injected. */
import type { Trials } from '../records/stored-run.ts'
import { digits, quantity } from './numbers.ts'
import { phaseWords } from './sentence.ts'
import { shareInterval } from './share-interval.ts'
import type { Answer, CellVerdict, Verdict } from './verdict.ts'

/** The part of a verdict that the list of runs keeps for this. */
export function trialsOf({ halves, placebo, cells }: Verdict): Trials {
  const trials: Trials = { halves: resultOf(halves.answer === 'no' ? 'yes' : halves.answer === 'yes' ? 'no' : halves.answer) }
  if (placebo) trials.placebo = { result: resultOf(placebo.alarm), shifts: shiftsOf(cells) }
  return trials
}

function resultOf(alarm: Answer): Trials['halves'] {
  return alarm === 'yes' ? 'alarm' : alarm === 'no' ? 'quiet' : null
}

/** Everything that was compared with baseline. */
function shiftsOf(cells: readonly CellVerdict[]): Record<string, number> {
  return Object.fromEntries(cells.flatMap((cell) => (cell.estimate !== null && isShift(cell) ? [[keyOf(cell), cell.estimate]] : [])))
}

function isShift({ scale }: CellVerdict): boolean {
  return scale === 'ratio' || scale === 'difference'
}

function keyOf({ measure, phase, direction, scale }: CellVerdict): string {
  return `${measure} ${phase} ${direction} ${scale}`
}

interface Count {
  alarms: number
  of: number
}

export interface FalseAlarms {
  placebo: Count
  halves: Count
  /** Both together, with a 95 % interval. */
  share: number
  interval: [lo: number, hi: number]
  sentence: string
}

/** @param name of the service or experiment whose runs these are; null when no run could tell */
export function falseAlarms(name: string, trials: readonly Trials[]): FalseAlarms | null {
  const count = (results: readonly (Trials['halves'] | undefined)[]): Count => ({
    alarms: results.filter((result) => result === 'alarm').length,
    of: results.filter(Boolean).length,
  })
  const placebo = count(trials.map((each) => each.placebo?.result))
  const halves = count(trials.map((each) => each.halves))
  const [alarms, of] = [placebo.alarms + halves.alarms, placebo.of + halves.of]
  if (of === 0) return null
  const { lo, hi } = shareInterval({ p: alarms / of, n: of, deff: 1 }, 0.025, 0.025)
  const parts = [
    ...(placebo.of > 0 ? [`${placebo.alarms} of ${placebo.of} placebo ${placebo.of === 1 ? 'run' : 'runs'}`] : []),
    ...(halves.of > 0 ? [`${halves.alarms} of ${halves.of} ${halves.of === 1 ? 'baseline' : 'baselines'}, second half against first`] : []),
  ]
  const rate = `${quantity(alarms / of, 'share')} [${digits(lo * 100)}, ${digits(hi * 100)}]`
  const sentence = `false alarms about ${name}: ${alarms} of ${of} comparisons in which nothing was injected, ${rate} (${parts.join('; ')})`
  return { placebo, halves, share: alarms / of, interval: [lo, hi], sentence }
}

/** With fewer placebo runs the least possible p is above 5 %. */
const enoughPlacebos = 19

export interface Rank {
  measure: string
  phase: CellVerdict['phase']
  direction: CellVerdict['direction']
  /** Placebo runs that moved at least as far, of how many. */
  asFar: number
  of: number
  /** (1 + asFar) / (1 + of): right whatever the distribution, as long as the runs could have come in any order (Vovk, conformal prediction). */
  p: number
  sentence: string
}

/** Where a run stands among the placebo runs of the same experiment; empty with fewer than nineteen. */
export function ranksAmongPlacebos({ cells }: Verdict, trials: readonly Trials[]): Rank[] {
  return cells.flatMap((cell) => {
    const { measure, phase, direction, estimate } = cell
    if (estimate === null || phase === 'baseline' || !isShift(cell)) return []
    const shifts = trials.flatMap((each) => each.placebo?.shifts[keyOf(cell)] ?? [])
    if (shifts.length < enoughPlacebos) return []
    const asFar = shifts.filter((shift) => (direction === 'max' ? shift >= estimate : shift <= estimate)).length
    const p = (1 + asFar) / (1 + shifts.length)
    const sentence = `${measure} ${phaseWords[phase]}: ${asFar} of ${shifts.length} placebo runs moved as far (p = ${digits(p)})`
    return [{ measure, phase, direction, asFar, of: shifts.length, p, sentence }]
  })
}
