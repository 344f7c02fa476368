/** All judged cells of an experiment. */
import type { JudgedPhase } from '../document/experiment.ts'
import { boundsIn, errorRates } from './asked-bounds.ts'
import { type Asked, openCell } from './cell.ts'
import { span } from './numbers.ts'
import { recoveryTime } from './recovery-time.ts'
import { sentenceOf } from './sentence.ts'
import { judgeSourceCell } from './source-cells.ts'
import type { Material } from './stretch.ts'
import { judgeTail } from './tail.ts'
import { judgeTrafficCell } from './traffic-cells.ts'
import type { CellVerdict, RecoveryTime } from './verdict.ts'

/** The cells of one phase; in recovery the tail check stands last. */
export function judgePhase(material: Material, phase: JudgedPhase): CellVerdict[] {
  const { experiment } = material
  const alpha = errorRates(experiment, phase)
  const cells = boundsIn(experiment, phase).map(({ measure, direction, bound }) => {
    const asked: Asked = { measure, phase, direction, bound, alpha }
    return measure.from === 'traffic' ? judgeTrafficCell(material, asked) : judgeSourceCell(material, asked)
  })
  const tail = phase === 'recovery' ? judgeTail(material) : null
  return [...cells, ...(tail ? [tail] : [])].map((cell) => ({ ...cell, sentence: sentenceOf(cell) }))
}

/** The time to recover, and the cell of each measure that bounds it. */
export function judgeRecoveryTime(material: Material): { recovery: RecoveryTime; cells: CellVerdict[] } {
  const recovery = recoveryTime(material)
  const cells = material.experiment.measures.flatMap((measure) => {
    const bound = measure.max.recovery ?? measure.max.fault ?? measure.max.baseline
    if (measure.is.kind !== 'recovery-time' || bound?.limit.kind !== 'absolute') return []
    const cell = openCell({ measure, phase: 'recovery', direction: 'max', bound, alpha: { breached: 0, held: 0 } })
    answer(cell, recovery, bound.limit.value)
    cell.sentence = sentenceOf(cell)
    return [cell]
  })
  return { recovery, cells }
}

function answer(cell: CellVerdict, { time, sentence }: RecoveryTime, limit: number): void {
  if (time === null) cell.why = sentence
  else if (typeof time === 'number')
    Object.assign(cell, {
      estimate: time,
      observed: time,
      interval: [time, time],
      missing: 0,
      decision: time <= limit ? 'held' : 'breached',
    })
  else {
    Object.assign(cell, { interval: [time.censored, null], missing: 0 })
    if (time.censored >= limit) cell.decision = 'breached'
    else Object.assign(cell, { why: `observed for ${span(time.censored)} only`, wouldSuffice: Math.ceil(limit / 1000) + 30 })
  }
}
