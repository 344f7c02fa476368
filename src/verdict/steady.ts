/** Question 1: was the system steady before anything was injected, and is there enough data to say so? */
import type { Measure } from '../document/experiment.ts'
import { failureReasons } from './failure-reasons.ts'
import { intervalLength, intervalsOf } from './intervals.ts'
import { quantity, ratio } from './numbers.ts'
import { median, quantile } from './quantile.ts'
import { shiftInterval } from './rank-interval.ts'
import { finding } from './sentence.ts'
import { differenceInterval, shareInterval, shareOf, sum } from './share-interval.ts'
import { ended, errorCounts, type Material, present, type Stretch, slowCounts, sortedLatencies, stretchOf, windowOf } from './stretch.ts'
import { lacks } from './traffic-cells.ts'
import type { CellVerdict, Question } from './verdict.ts'

const alpha = 0.05

/** `cells`: the judged cells of the baseline phase. */
export function steadyQuestion(material: Material, cells: readonly CellVerdict[]): Question {
  if (!windowOf(material, 'baseline')) return { answer: "can't tell", reason: 'there was no baseline phase' }
  const breached = cells.find(({ decision }) => decision === 'breached')
  if (breached) return { answer: 'no', reason: finding(breached) }
  const unserved = nobodyServed(material)
  if (unserved) return unserved
  const load = material.experiment.traffic && material.experiment.measures.some(judgedLoad) ? loadProblem(material) : null
  if (load) return load
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

function judgedLoad({ from, max, min }: Measure): boolean {
  return (
    from === 'traffic' &&
    [max, min].some((cells) => [cells.baseline, cells.fault, cells.recovery].some((bound) => bound && bound.limit.kind !== 'none'))
  )
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
  return hopeless(material, baseline) ?? unstable(material, baseline)
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

/** First half against second half, both ways, half the margin of the recovery bound; only proof of a difference counts. */
function unstable({ experiment }: Material, baseline: Stretch): Question | null {
  const middle = Math.floor(baseline.seconds.length / 2)
  const half = (from: number, to: number): Stretch => ({
    ...baseline,
    first: baseline.first + from,
    seconds: baseline.seconds.slice(from, to),
  })
  const halves: [Stretch, Stretch] = [half(0, middle), half(middle, baseline.seconds.length)]
  for (const measure of experiment.measures.filter(judgedLoad)) {
    const limit = measure.max.recovery?.limit
    const factor = limit?.kind === 'times' && limit.factor > 1 ? limit.factor : 1.2
    if (measure.is.kind === 'latency') {
      const moved = latencyMoved(baseline, halves, 1 + (factor - 1) / 2, limit?.kind === 'times' ? limit.floor : 5)
      if (moved !== null)
        return { answer: 'no', reason: `${measure.name} was not stable before the fault: the second half moved by ${ratio(moved)}` }
    } else if (measure.is.kind === 'share') {
      const [before, after] = halves.map((stretch) => shareOf(errorCounts(stretch))) as [
        ReturnType<typeof shareOf>,
        ReturnType<typeof shareOf>,
      ]
      const margin = Math.max(0.005, ((factor - 1) / 2) * Math.max(before.p, after.p))
      const { lo, hi, estimate } = differenceInterval(before, after, alpha / 2, alpha / 2)
      if (lo > margin || hi < -margin)
        return {
          answer: 'no',
          reason: `${measure.name} was not stable before the fault: the second half moved by ${quantity(estimate, 'share')}`,
        }
    }
  }
  return null
}

function latencyMoved(baseline: Stretch, halves: [Stretch, Stretch], factor: number, floor: number): number | null {
  const length = intervalLength([baseline])
  if (length === null) return null
  const [before, after] = halves.map((stretch) =>
    intervalsOf(stretch, length).map((interval) => quantile(sortedLatencies(interval), 0.95)),
  ) as [number[], number[]]
  if (before.length < 4 || after.length < 4 || [...before, ...after].some((value) => value <= 0)) return null
  const margin = Math.log(Math.max(factor, 1 + floor / Math.max(1e-9, median([...before, ...after]))))
  const { lo, hi, estimate } = shiftInterval(before.map(Math.log), after.map(Math.log), alpha / 2, alpha / 2)
  return lo > margin || hi < -margin ? Math.exp(estimate) : null
}
