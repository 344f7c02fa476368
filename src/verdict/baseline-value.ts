import type { Measure } from '../document/experiment.ts'
import type { RunData } from '../records/run-data.ts'
import { median, quantile } from './quantile.ts'
import { readingsOf } from './readings.ts'
import { shareOf, sum } from './share-interval.ts'
import { errorCounts, materialOf, missingShare, present, sortedLatencies, stretchOf } from './stretch.ts'

/** A measure's value over the baseline phase, in its unit; null: not known, or more than 10 % missing. */
export function baselineValue(data: RunData, measure: Measure): number | null {
  const material = materialOf(data)
  if (measure.from !== 'traffic') {
    const readings = readingsOf(material, measure, 'baseline')
    if (!readings || readings.values.length === 0 || readings.missing > 0.1) return null
    return readings.counts ? shareOf(readings.counts).p : median(readings.values.map(({ value }) => value))
  }
  const stretch = stretchOf(material, 'baseline')
  if (!stretch || missingShare(stretch) > 0.1) return null
  const seconds = present(stretch)
  const sorted = sortedLatencies(seconds)
  if (sorted.length === 0) return null
  if (measure.is.kind === 'latency') return quantile(sorted, measure.is.quantile)
  if (measure.is.kind === 'share') return shareOf(errorCounts(stretch)).p
  return measure.is.kind === 'level' ? sum(seconds.map(({ ok }) => ok)) / seconds.length : null
}
