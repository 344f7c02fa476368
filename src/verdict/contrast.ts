/** Two runs beside each other: what did a measure do in the same phase of both, and is the difference more than chance? */
import { fewestIntervals } from '../document/enough-data.ts'
import type { JudgedPhase, Measure, Unit } from '../document/experiment.ts'
import type { RunData } from '../records/run-data.ts'
import { intervalLength, intervalsOf, intervalValue } from './intervals.ts'
import { median, quantile } from './quantile.ts'
import { shiftInterval } from './rank-interval.ts'
import { type Readings, readingsOf } from './readings.ts'
import { differenceInterval, shareOf, sum } from './share-interval.ts'
import { high, low, thirty } from './source-cells.ts'
import { errorCounts, type Material, materialOf, present, type Stretch, sortedLatencies, stretchOf } from './stretch.ts'
import { lacks } from './traffic-cells.ts'

export interface Contrast {
  measure: string
  unit: Unit
  phase: JudgedPhase
  /** In the measure's unit; null: no trustworthy data. */
  a: number | null
  b: number | null
  /** The value is where requests timed out: nobody knows how long they would have taken. */
  cut: { a: boolean; b: boolean }
  /** `ratio`: b over a; `difference`: b minus a, in the measure's unit. */
  scale: 'ratio' | 'difference'
  estimate: number | null
  /** null at an end: unbounded. */
  interval: [lo: number | null, hi: number | null]
  found: 'higher' | 'lower' | 'no difference shown' | "can't tell"
  /** Why it can't be told. */
  why?: string
}

/** Chance of any wrong *higher* or *lower* among all contrasts of two runs of one system. */
const alpha = 0.05
/** Differences up to here are not told from wandering; `bench:verdict`'s made-up services wander that much within minutes. */
export const equalRatio = 1.2
export const equalShares = 0.005
const phases: readonly JudgedPhase[] = ['baseline', 'fault', 'recovery']

/** One for each measure and phase that both runs have. The ends share `alpha` (Bonferroni): many looks must not find something by chance. */
export function contrasts(a: RunData, b: RunData): Contrast[] {
  const [left, right] = [materialOf(a), materialOf(b)]
  const pairs = a.experiment.measures.flatMap((measure) => {
    const other = b.experiment.measures.find(({ name }) => name === measure.name)
    if (!other || measure.is.kind === 'recovery-time' || other.unit !== measure.unit || other.is.kind !== measure.is.kind) return []
    return phases.map((phase) => ({ measure, other, phase }))
  })
  const each = alpha / (2 * Math.max(1, pairs.length))
  return pairs.map(({ measure, other, phase }) =>
    measure.from === 'traffic' && other.from === 'traffic'
      ? ofTraffic(openContrast(measure, phase), left, right, measure, each)
      : ofReadings(measure, phase, readingsOf(left, measure, phase), readingsOf(right, other, phase), each),
  )
}

function openContrast({ name, unit }: Measure, phase: JudgedPhase): Contrast {
  return {
    ...{ measure: name, unit, phase, a: null, b: null, cut: { a: false, b: false }, scale: 'difference', estimate: null },
    ...{ interval: [null, null], found: "can't tell" },
  }
}

function ofTraffic(contrast: Contrast, left: Material, right: Material, measure: Measure, each: number): Contrast {
  const use = measure.is.kind === 'latency' ? 'times' : 'counts'
  const [a, b] = [stretchOf(left, contrast.phase, 0, use), stretchOf(right, contrast.phase, 0, use)]
  contrast.a = observed(measure, a)
  contrast.b = observed(measure, b)
  contrast.cut = { a: isCut(measure, left, a, contrast.a), b: isCut(measure, right, b, contrast.b) }
  if (!a || !b) return refuse(contrast, 'one of the runs has no such phase')
  const lacking = lacks(left, [a]) ?? lacks(right, [b])
  const length = intervalLength([a, b])
  if (lacking || length === null) return refuse(contrast, lacking?.why ?? 'too little data')
  if (measure.is.kind === 'share')
    return conclude(contrast, differenceInterval(shareOf(errorCounts(a)), shareOf(errorCounts(b)), each, each))
  return shift(contrast, series(measure, a, length), series(measure, b, length), each)
}

function ofReadings(measure: Measure, phase: JudgedPhase, a: Readings | undefined, b: Readings | undefined, each: number): Contrast {
  const contrast = openContrast(measure, phase)
  const value = (readings: Readings | undefined): number | null => {
    if (!readings || readings.values.length === 0) return null
    return readings.counts ? shareOf(readings.counts).p : median(readings.values.map((reading) => reading.value))
  }
  contrast.a = value(a)
  contrast.b = value(b)
  if (!a || !b || contrast.a === null || contrast.b === null) return refuse(contrast, 'one of the runs has no readings')
  if (Math.max(a.missing, b.missing) > 0.1) return refuse(contrast, 'too many readings are missing')
  if (a.counts && b.counts) return conclude(contrast, differenceInterval(shareOf(a.counts), shareOf(b.counts), each, each))
  if (Math.min(a.values.length, b.values.length) < fewestIntervals) return refuse(contrast, `fewer than ${fewestIntervals} readings`)
  shift(contrast, thirty(a), thirty(b), each)
  if ((a.resolution ?? b.resolution) === undefined || contrast.found === 'no difference shown') return contrast
  // A value out of a bucket may be anything within it: the difference must be there at the adverse edges too.
  const [ofA, ofB] = contrast.found === 'higher' ? [high, low] : [low, high]
  const adverse = shift(openContrast(measure, contrast.phase), thirty(a, ofA), thirty(b, ofB), each)
  if (adverse.found !== contrast.found) Object.assign(contrast, { found: "can't tell", why: 'the buckets are too wide to tell' })
  return contrast
}

/** Quantiles and good answers of equally long intervals, as the judge takes them. */
function series({ is }: Measure, stretch: Stretch, length: number): number[] {
  return intervalsOf(stretch, length).map((interval) => intervalValue(interval, is))
}

function observed({ is }: Measure, stretch: Stretch | undefined): number | null {
  const seconds = stretch ? present(stretch) : []
  if (!stretch || seconds.length === 0) return null
  if (is.kind === 'share') return shareOf(errorCounts(stretch)).p
  if (is.kind === 'level') return sum(seconds.map(({ ok }) => ok)) / seconds.length
  const sorted = sortedLatencies(seconds)
  return is.kind === 'latency' && sorted.length > 0 ? quantile(sorted, is.quantile) : null
}

function isCut({ is }: Measure, { experiment }: Material, stretch: Stretch | undefined, value: number | null): boolean {
  const limit = experiment.traffic?.timeout
  if (is.kind !== 'latency' || !stretch || value === null || limit === undefined) return false
  return value >= limit && present(stretch).some(({ timeout }) => timeout > 0)
}

function shift(contrast: Contrast, a: readonly number[], b: readonly number[], each: number): Contrast {
  const asRatio = contrast.unit !== 'share' && [...a, ...b].every((value) => value > 0)
  if (!asRatio) return conclude(contrast, shiftInterval(a, b, each, each))
  const { estimate, lo, hi } = shiftInterval(a.map(Math.log), b.map(Math.log), each, each)
  contrast.scale = 'ratio'
  return conclude(contrast, { estimate: Math.exp(estimate), lo: Math.exp(lo), hi: Math.exp(hi) })
}

/** Only an interval that lies beyond the margin as a whole shows a difference. */
function conclude(contrast: Contrast, { estimate, lo, hi }: { estimate: number; lo: number; hi: number }): Contrast {
  const [least, most] = marginOf(contrast)
  const found = lo > most ? 'higher' : hi < least ? 'lower' : 'no difference shown'
  // A ratio without a lower end is nothing at all: its logarithm had none.
  const end = (x: number): number | null => (Number.isFinite(x) && (contrast.scale === 'difference' || x > 0) ? x : null)
  if (end(lo) === null && end(hi) === null) return refuse(contrast, 'there are too few independent points for an interval this sure')
  return Object.assign(contrast, { estimate, interval: [end(lo), end(hi)], found })
}

/** What still counts as equal, on the contrast's scale: a healthy service wanders, and phases of a minute cannot tell wandering from change. */
function marginOf({ scale, unit, a }: Contrast): [least: number, most: number] {
  if (unit === 'share') return [-equalShares, equalShares]
  if (scale === 'ratio') return [1 / equalRatio, equalRatio]
  const wide = (equalRatio - 1) * Math.abs(a ?? 0)
  return [-wide, wide]
}

function refuse(contrast: Contrast, why: string): Contrast {
  return Object.assign(contrast, { why })
}
