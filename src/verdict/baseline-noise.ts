/** The noise of a run's own baseline, and what its plan can say with it. */
import type { WantedBound } from './asked-bounds.ts'
import { intervalsOf, intervalValue } from './intervals.ts'
import { noiseOf, plannedIntervals } from './noise.ts'
import { type Lengths, plannedPrecision } from './precision.ts'
import { median } from './quantile.ts'
import { readingsOf } from './readings.ts'
import { shareOf } from './share-interval.ts'
import { thirty } from './source-cells.ts'
import { errorCounts, type Material, missingShare, stretchOf } from './stretch.ts'
import type { Precision, Wobble } from './verdict.ts'

/** A pure function of the baseline's samples and the plan: the same before the fault as after the run. */
export function baselinePrecision(material: Material): Precision[] {
  return plannedPrecision(material.experiment, 'baseline', (wanted, seconds) =>
    wanted.measure.from === 'traffic' ? loadNoise(material, wanted, seconds) : readingsNoise(material, wanted),
  )
}

function loadNoise(material: Material, { measure: { is } }: WantedBound, seconds: Lengths): Wobble | null {
  const stretch = stretchOf(material, 'baseline', 0, is.kind === 'latency' ? 'times' : 'counts')
  const rate = material.experiment.traffic?.rate
  if (!stretch || rate === undefined || missingShare(stretch) > 0.1) return null
  if (is.kind === 'share') {
    const { p, n, deff } = shareOf(errorCounts(stretch))
    return n > 0 ? { kind: 'share', p, deff } : null
  }
  const cut = plannedIntervals(rate, seconds)
  if (!cut) return null
  const values = intervalsOf(stretch, cut.length).map((interval) => intervalValue(interval, is))
  return seriesNoise(values, rate * cut.length, true)
}

function readingsNoise(material: Material, { measure }: WantedBound): Wobble | null {
  const readings = readingsOf(material, measure, 'baseline')
  if (!readings || readings.missing > 0.1 || readings.counts) return null
  return seriesNoise(thirty(readings), 0, measure.unit !== 'share')
}

/** Null: too few values, or no logarithms where a ratio is asked for. */
function seriesNoise(values: readonly number[], requests: number, asRatio: boolean): Wobble | null {
  if (values.length < 4 || (asRatio && values.some((value) => value <= 0))) return null
  return { kind: 'series', ...noiseOf(asRatio ? values.map(Math.log) : values, requests), value: median(values) }
}
