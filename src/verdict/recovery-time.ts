/** How long until the system was itself again, from the first look that said the fault is gone. */
import type { Cells, Limit } from '../document/experiment.ts'
import { firstHolding, rolling } from './held-from.ts'
import { allowedBy } from './limits.ts'
import { seconds } from './numbers.ts'
import { quantile } from './quantile.ts'
import { allRead, readingsOf } from './readings.ts'
import { shareOf, sum } from './share-interval.ts'
import { ended, errorCounts, type Material, missingShare, sortedLatencies, stretchOf, windowOf } from './stretch.ts'
import type { RecoveryTime } from './verdict.ts'

/** The rule of requirement A6, for a measure that the document does not bound after the fault. */
const usual: Record<'latency' | 'errors', Limit> = {
  latency: { kind: 'times', factor: 1.5, floor: 5 },
  errors: { kind: 'times', factor: 1.5, floor: 0.005 },
}

/**
 * Load: five-second windows, one each second, are in tolerance when their error share is within the recovery bound and their p95 is at most
 * the larger of (bound × median) and the 80th percentile of baseline's own windows. Recovered at the first window in tolerance from which at
 * least 80 % of the next thirty are. Without load: from the last reading outside a fixed recovery bound. Not within what was observed: censored.
 */
export function recoveryTime(material: Material): RecoveryTime {
  const window = windowOf(material, 'recovery')
  if (!window) return unknown('there was no recovery phase')
  return material.experiment.traffic ? ofLoad(material, window.to - window.from) : ofReadings(material, window.to - window.from)
}

function ofLoad(material: Material, observed: number): RecoveryTime {
  const [baseline, recovery] = [stretchOf(material, 'baseline'), stretchOf(material, 'recovery')]
  if (!baseline || !recovery || missingShare(baseline) > 0.1 || missingShare(recovery) > 0.1) return unknown('too much data is missing')
  const rate = material.experiment.traffic?.rate ?? 1
  const p95 = rolling(baseline, rate, (window) => quantile(sortedLatencies(window), 0.95)).filter((value) => value !== null)
  if (p95.length === 0) return unknown('baseline is too short')
  const sorted = Float64Array.from(p95).sort()
  const slowest = Math.max(allowed(material, 'latency', quantile(sorted, 0.5)), quantile(sorted, 0.8))
  const errors = allowed(material, 'errors', shareOf(errorCounts(baseline)).p)
  const holds = rolling(recovery, rate, (window) => {
    const bad = sum(window.map(({ error, timeout }) => error + timeout))
    return bad / sum(window.map(ended)) <= errors && quantile(sortedLatencies(window), 0.95) <= slowest
  })
  if (holds.length === 0) return unknown('the recovery phase is too short')
  const first = firstHolding(holds)
  return first < 0 ? censored(observed) : recovered(Math.max(0, (recovery.first + first) * 1000 - recovery.window.from))
}

function ofReadings(material: Material, observed: number): RecoveryTime {
  const times = material.experiment.measures.flatMap((measure) =>
    (['max', 'min'] as const).flatMap((direction) => {
      const limit = measure[direction].recovery?.limit
      const readings = readingsOf(material, measure, 'recovery')
      const values = readings ? allRead(readings) : []
      if (limit?.kind !== 'absolute' || !readings || values.length === 0 || measure.is.kind === 'recovery-time') return []
      const last = values.findLastIndex(({ value }) => (direction === 'max' ? value > limit.value : value < limit.value))
      const next = values[last + 1]
      return [last < 0 ? 0 : next ? next.at - readings.from : Number.POSITIVE_INFINITY]
    }),
  )
  if (times.length === 0) return unknown('nothing that was measured says when')
  const last = Math.max(...times)
  return Number.isFinite(last) ? recovered(last) : censored(observed)
}

/** The loosest way to stay within the recovery bound of the first such measure. */
function allowed({ experiment }: Material, what: 'latency' | 'errors', baseline: number): number {
  const kind = what === 'latency' ? 'latency' : 'share'
  const bounds: (Cells['recovery'] | undefined)[] = experiment.measures
    .filter(({ from, is }) => from === 'traffic' && is.kind === kind)
    .map(({ max }) => max.recovery)
  const limit = bounds.find((bound) => bound && bound.limit.kind !== 'none')?.limit ?? usual[what]
  return allowedBy(limit, baseline, 'max') ?? Number.POSITIVE_INFINITY
}

function recovered(time: number): RecoveryTime {
  return { recovered: 'yes', time, sentence: time < 1000 ? 'itself again within a second' : `itself again after ${seconds(time)}` }
}

function censored(observed: number): RecoveryTime {
  return { recovered: 'no', time: { censored: observed }, sentence: `not itself again within ${seconds(observed)}` }
}

function unknown(why: string): RecoveryTime {
  return { recovered: "can't tell", time: null, sentence: `the time to recover can't be told: ${why}` }
}
