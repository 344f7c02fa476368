/** The judge tried on what cannot be a fault: the second half of the baseline against its first half. */
import { boundsIn, isRelative } from './asked-bounds.ts'
import { judgePhase } from './cells.ts'
import { recoveredQuestion } from './outcome.ts'
import { type Material, windowOf } from './stretch.ts'
import type { CellVerdict, Question } from './verdict.ts'

/** *No* is a false alarm: nothing had been injected. Many runs together say how often the judge is wrong about this system. */
export function judgeHalves(material: Material): Question {
  const baseline = windowOf(material, 'baseline')
  if (!baseline) return { answer: "can't tell", reason: 'there was no baseline phase' }
  const middle = Math.round((baseline.from + baseline.to) / 2000) * 1000
  const phases = [
    { ...baseline, to: middle },
    { phase: 'recovery' as const, from: middle, to: baseline.to },
  ]
  const compared = boundsIn(material.experiment, 'recovery').filter(({ bound }) => isRelative(bound))
  if (compared.length === 0) return { answer: "can't tell", reason: 'nothing is compared with the baseline' }
  const isCompared = (cell: CellVerdict): boolean =>
    cell.advisory === true || compared.some(({ measure, direction }) => measure.name === cell.measure && direction === cell.direction)
  return recoveredQuestion(judgePhase({ ...material, data: { ...material.data, phases } }, 'recovery').filter(isCompared), true)
}
