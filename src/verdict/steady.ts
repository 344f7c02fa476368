/** Question 1: was the system steady before anything was injected, and is there enough data to say so? */
import type { Measure } from '../document/experiment.ts'
import { isJudged } from '../document/resolve-measures.ts'
import { failureReasons } from './failure-reasons.ts'
import { quantity } from './numbers.ts'
import { finding } from './sentence.ts'
import { shareInterval, shareOf, sum } from './share-interval.ts'
import { ended, errorCounts, type Material, present, type Stretch, slowCounts, stretchOf, windowOf } from './stretch.ts'
import { lacks } from './traffic-cells.ts'
import type { CellVerdict, Question, Stability } from './verdict.ts'

const alpha = 0.05

/** `cells`: the judged cells of the baseline phase; of its stability only proof of a move counts. */
export function steadyQuestion(material: Material, cells: readonly CellVerdict[], stability: readonly Stability[]): Question {
  if (!windowOf(material, 'baseline')) return { answer: "can't tell", reason: 'there was no baseline phase' }
  const breached = cells.find(({ decision }) => decision === 'breached')
  if (breached) return { answer: 'no', reason: finding(breached) }
  const unserved = nobodyServed(material)
  if (unserved) return unserved
  const load = material.experiment.traffic && material.experiment.measures.some(judgedLoad) ? loadProblem(material) : null
  if (load) return load
  const moved = stability.find(({ decision }) => decision === 'moved')
  if (moved) return { answer: 'no', reason: moved.sentence }
  const open = cells.find(({ decision }) => decision === "can't tell")
  if (open) return { answer: "can't tell", reason: open.sentence }
  return { answer: 'yes', reason: 'steady before the fault' }
}

/** Whatever the document bounds: a system that serves nobody has nothing to lose, and the run would prove nothing. */
function nobodyServed(material: Material): Question | null {
  const baseline = stretchOf(material, 'baseline', 0, 'counts')
  if (!material.experiment.traffic || !baseline || sum(present(baseline).map(ended)) === 0) return null
  const share = shareOf(errorCounts(baseline))
  if (shareInterval(share, alpha, alpha).lo <= 0.5) return null
  const why = failureReasons(present(baseline))
  return { answer: 'no', reason: `${quantity(share.p, 'share')} of requests failed before the fault${why ? `: ${why}` : ''}` }
}

function judgedLoad(measure: Measure): boolean {
  return measure.from === 'traffic' && isJudged(measure)
}

function loadProblem(material: Material): Question | null {
  const times = material.experiment.measures.some((measure) => measure.is.kind === 'latency' && judgedLoad(measure))
  const baseline = stretchOf(material, 'baseline', 0, times ? 'times' : 'counts')
  if (!baseline) return null
  const lacking = lacks(material, [baseline])
  if (lacking)
    return {
      answer: "can't tell",
      reason: `${lacking.why}${lacking.suffices === null ? '' : ` (about ${lacking.suffices} s of baseline would suffice)`}`,
    }
  const seconds = present(baseline)
  const planned = (material.experiment.traffic?.rate ?? 0) * seconds.length
  const sent = sum(seconds.map(ended))
  if (sent < 0.9 * planned)
    return { answer: "can't tell", reason: `only ${quantity(sent / planned, 'share')} of the planned requests were sent before the fault` }
  return hopeless(material, baseline)
}

/** A system that is already beyond what the fault is allowed to do to it is not steady, whether or not the author bounded the baseline. */
function hopeless({ experiment }: Material, baseline: Stretch): Question | null {
  for (const { name, from, is, unit, max } of experiment.measures) {
    const limit = max.fault?.limit
    if (from !== 'traffic' || limit?.kind !== 'absolute' || (is.kind !== 'share' && is.kind !== 'latency')) continue
    const latency = is.kind === 'latency'
    const share = shareOf(latency ? slowCounts(baseline, limit.value) : errorCounts(baseline))
    if (shareInterval(share, alpha, alpha).lo <= (latency ? 1 - is.quantile : limit.value)) continue
    const seen = latency
      ? `${quantity(share.p, 'share')} of requests slower than ${quantity(limit.value, unit)}`
      : quantity(share.p, 'share')
    return { answer: 'no', reason: `${name} was beyond the fault phase's bound already before the fault: ${seen}` }
  }
  return null
}
