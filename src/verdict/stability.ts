/** Did a measure move within the baseline? Its second half against its first, by the judge's own intervals, both ways. */
import type { Limit, Measure } from '../document/experiment.ts'
import { isJudged } from '../document/resolve-measures.ts'
import { isRelative } from './asked-bounds.ts'
import { intervalLength, intervalsOf, intervalValue } from './intervals.ts'
import { change, percentMore, ratio, signed } from './numbers.ts'
import { median } from './quantile.ts'
import { shiftInterval } from './rank-interval.ts'
import { type Readings, readingsOf } from './readings.ts'
import { type Counts, differenceInterval, shareOf } from './share-interval.ts'
import { pointsOf } from './source-cells.ts'
import { errorCounts, type Material, missingShare, stretchOf } from './stretch.ts'
import type { Stability } from './verdict.ts'

const alpha = 0.05
/** Fewest points of half a baseline that say anything. */
const fewestPoints = 4

/** Points in time, in order; `at` in ms. */
type Series = { at: number; value: number }[]

/** For the measures that are compared with baseline, and for all judged ones of the load: these say whether there was one system to compare with. */
export function stabilities(material: Material): Stability[] {
  return material.experiment.measures.flatMap((measure) => {
    if (measure.is.kind === 'recovery-time' || !(measure.from === 'traffic' ? isJudged(measure) : isCompared(measure))) return []
    const seen = measure.from === 'traffic' ? loadSeen(material, measure) : readingsSeen(readingsOf(material, measure, 'baseline'))
    return seen ? [Array.isArray(seen) ? ofSeries(measure, seen) : ofShares(measure, seen)] : []
  })
}

function isCompared({ max, min }: Measure): boolean {
  return [max, min].some((cells) => [cells.fault, cells.recovery].some((bound) => bound && isRelative(bound)))
}

/** Null: too much is missing, or too little there. */
function loadSeen(material: Material, { is }: Measure): Series | Counts | null {
  const stretch = stretchOf(material, 'baseline', 0, is.kind === 'latency' ? 'times' : 'counts')
  if (!stretch || missingShare(stretch) > 0.1) return null
  if (is.kind === 'share') return errorCounts(stretch)
  const length = intervalLength([stretch])
  if (length === null) return null
  return intervalsOf(stretch, length).map((interval) => ({
    at: (interval[0]?.t ?? 0) * 1000,
    // Half a baseline has few intervals: p95 moves with p99 and jumps less.
    value: intervalValue(interval, is.kind === 'latency' ? { ...is, quantile: 0.95 } : is),
  }))
}

function readingsSeen(readings: Readings | undefined): Series | Counts | null {
  if (!readings || readings.missing > 0.1) return null
  return readings.counts ?? pointsOf(readings)
}

function ofShares(measure: Measure, { bad, total }: Counts): Stability {
  const middle = Math.floor(bad.length / 2)
  const half = (from: number, to?: number): ReturnType<typeof shareOf> =>
    shareOf({ bad: bad.slice(from, to), total: total.slice(from, to) })
  const [before, after] = [half(0, middle), half(middle)]
  const margin = Math.max(0.005, relativeMargin(measure) * Math.max(before.p, after.p))
  const { estimate, lo, hi } = differenceInterval(before, after, alpha / 2, alpha / 2)
  const shares = bad.flatMap((count, i) => ((total[i] ?? 0) > 0 ? [{ at: i * 1000, value: count / (total[i] ?? 1) }] : []))
  return conclude(measure, { scale: 'difference', estimate, lo, hi, margin, perMinute: slope(shares) })
}

function ofSeries(measure: Measure, series: Series): Stability {
  const middle = Math.floor(series.length / 2)
  const asRatio = measure.unit !== 'share' && series.every(({ value }) => value > 0)
  const scaled = series.map(({ at, value }) => ({ at, value: asRatio ? Math.log(value) : value }))
  const size = median(series.map(({ value }) => value))
  const floor = floorOf(measure)
  const margin = asRatio
    ? Math.max(relativeMargin(measure), floor / Math.max(1e-9, size))
    : Math.max(relativeMargin(measure) * Math.abs(size), floor)
  const found = { scale: asRatio ? ('ratio' as const) : ('difference' as const), margin, perMinute: null, estimate: null }
  if (middle < fewestPoints) return conclude(measure, { ...found, lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY })
  const values = scaled.map(({ value }) => value)
  const { estimate, lo, hi } = shiftInterval(values.slice(0, middle), values.slice(middle), alpha / 2, alpha / 2)
  const perMinute = slope(scaled)
  const back = asRatio ? Math.exp : (x: number): number => x
  return conclude(measure, {
    ...found,
    ...{ estimate: back(estimate), lo: back(lo), hi: back(hi) },
    perMinute: perMinute === null ? null : back(perMinute) - (asRatio ? 1 : 0),
  })
}

interface Found {
  scale: Stability['scale']
  estimate: number | null
  /** May be infinite, on a ratio also 0. */
  lo: number
  hi: number
  margin: number
  perMinute: number | null
}

function conclude(measure: Measure, { scale, estimate, lo, hi, margin, perMinute }: Found): Stability {
  const [low, high] = scale === 'ratio' ? [1 / (1 + margin), 1 + margin] : [-margin, margin]
  const decision = lo > high || hi < low ? 'moved' : lo >= low && hi <= high ? 'stable' : "can't tell"
  const end = (x: number): number | null => (Number.isFinite(x) && !(scale === 'ratio' && x === 0) ? x : null)
  const stability: Stability = {
    ...{ measure: measure.name, decision, scale, estimate, interval: [end(lo), end(hi)], margin, perMinute },
    sentence: '',
  }
  return { ...stability, sentence: sentenceOf(stability, measure) }
}

/** Half of what the recovery bound lets through, as a share of the value: 0.25 for `1.5x`. */
function relativeMargin({ max, min }: Measure): number {
  const factor = [max.recovery?.limit, min.recovery?.limit, max.fault?.limit, min.fault?.limit].find(
    (limit) => limit?.kind === 'times' && limit.factor !== 1,
  )
  return factor?.kind === 'times' ? Math.abs(factor.factor - 1) / 2 : 0.1
}

/** In the measure's unit: moves so small mean nothing. Half of a bound like `+20ms`; 5 ms for latencies. */
function floorOf({ unit, is, max, min }: Measure): number {
  const limits: (Limit | undefined)[] = [max.recovery?.limit, min.recovery?.limit, max.fault?.limit, min.fault?.limit]
  const plus = limits.find((limit) => limit?.kind === 'plus')
  const usual = unit === 'ms' && is.kind === 'latency' ? 5 : unit === 'share' ? 0.005 : 0
  const times = limits.find((limit) => limit?.kind === 'times')
  return Math.max(times?.kind === 'times' ? times.floor : 0, plus?.kind === 'plus' ? Math.abs(plus.value) / 2 : usual)
}

/** A minute, by the median of all slopes between two points (Theil 1950, Sen 1968): one burst does not tilt it. */
function slope(series: Series): number | null {
  if (series.length < 2 * fewestPoints) return null
  const step = Math.ceil(series.length / 200) // A long baseline need not be compared point by point.
  const points = series.filter((_, i) => i % step === 0)
  const slopes = points.flatMap((a, i) => points.slice(i + 1).map((b) => (b.value - a.value) / (b.at - a.at)))
  return median(slopes) * 60_000
}

function sentenceOf(
  { measure: name, decision, scale, estimate, interval: [lo, hi], margin, perMinute }: Stability,
  { unit }: Measure,
): string {
  if (estimate === null) return `${name} before the fault: too few points to say whether it moved`
  const asRatio = scale === 'ratio'
  const bare = (x: number | null, open: string): string =>
    x === null ? open : asRatio ? percentMore(x) : signed(unit === 'share' ? x * 100 : x)
  const width = lo === hi && lo !== null ? '' : ` [${bare(lo, '-∞')}, ${bare(hi, '∞')}]`
  const moved = `${asRatio ? ratio(estimate) : change(estimate, unit)}${width}`
  const allowed = asRatio ? `±${percentMore(1 + margin).replace('+', '')} %` : `±${change(margin, unit).replace('+', '')}`
  const trend = perMinute === null ? '' : `, about ${asRatio ? ratio(1 + perMinute) : change(perMinute, unit)} a minute`
  const word = decision === 'stable' ? 'stable' : decision === 'moved' ? 'not stable' : 'perhaps not stable'
  return `${name} was ${word} before the fault: the second half moved by ${moved}, allowed ${allowed}${trend}`
}
