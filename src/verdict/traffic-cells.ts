/** Judging what Squall's own load measured: latency, errors, good answers per second. */
import { fewestIntervals, fewestRequests } from '../document/enough-data.ts'
import { type Asked, conclude, openCell } from './cell.ts'
import { heldFrom } from './held-from.ts'
import { enoughSeconds, intervalLength, intervalsOf, intervalValue } from './intervals.ts'
import { allowedBy } from './limits.ts'
import { quantity } from './numbers.ts'
import { quantile } from './quantile.ts'
import { ends, judgeMean, judgeShift } from './series-cell.ts'
import { differenceInterval, shareInterval, shareOf, sum } from './share-interval.ts'
import {
  ended,
  errorCounts,
  type Material,
  missingShare,
  present,
  type Stretch,
  slowCounts,
  sortedLatencies,
  stretchOf,
} from './stretch.ts'
import type { CellVerdict } from './verdict.ts'

export function judgeTrafficCell(material: Material, asked: Asked): CellVerdict {
  const cell = openCell(asked)
  const use = asked.measure.is.kind === 'latency' ? 'times' : 'counts'
  const stretch = stretchOf(material, asked.phase, asked.bound.after, use)
  if (!stretch || stretch.seconds.length === 0) return refuse(cell, 'this phase has no data')
  const relative = asked.bound.limit.kind !== 'absolute'
  const baseline = relative ? stretchOf(material, 'baseline', 0, use) : undefined
  if (relative && !baseline) return refuse(cell, 'there is no baseline to compare with')
  cell.missing = missingShare(stretch)
  cell.n = sum(present(stretch).map(ended))
  const stretches = baseline ? [baseline, stretch] : [stretch]
  const lacking = lacks(material, stretches)
  if (lacking) {
    if (lacking.suffices !== null) cell.wouldSuffice = lacking.suffices
    return refuse(cell, lacking.why)
  }
  const length = intervalLength(stretches) as number
  if (asked.measure.is.kind === 'share') judgeErrors(cell, asked, stretch, baseline)
  else if (asked.measure.is.kind === 'latency') judgeLatency(cell, asked, stretch, baseline, length)
  else judgeGoodput(cell, asked, stretch, baseline, length)
  if (asked.bound.after !== undefined && cell.allowed.limit !== null) cell.heldFrom = heldFrom(material, asked, cell.allowed.limit)
  return cell
}

/** What keeps these stretches from being judged; missing data first. */
export function lacks(material: Material, stretches: readonly Stretch[]): { why: string; suffices: number | null } | null {
  for (const stretch of stretches) {
    const missing = missingShare(stretch)
    if (missing > 0.1)
      return { why: `${quantity(missing, 'share')} of the ${stretch.window.phase} phase has no trustworthy data`, suffices: null }
  }
  if (intervalLength(stretches) !== null) return null
  const wanted = stretches.map((stretch) => enoughSeconds(stretch, material.experiment.traffic?.rate ?? 0))
  const suffices = wanted.includes(null) ? null : Math.max(...wanted.map(Number))
  return {
    why: `too little data: ${fewestIntervals} intervals of at least a second and ${fewestRequests} requests each are needed`,
    suffices,
  }
}

function refuse(cell: CellVerdict, why: string): CellVerdict {
  cell.why = why
  return cell
}

function judgeErrors(cell: CellVerdict, asked: Asked, stretch: Stretch, baseline: Stretch | undefined): void {
  const share = shareOf(errorCounts(stretch))
  cell.observed = share.p
  const seconds = stretch.seconds.length
  if (!baseline) {
    const interval = shareInterval(share, ...ends(asked))
    conclude(cell, { ...interval, scale: 'value', allowed: cell.allowed.limit ?? 0, inflation: interval.deff, seconds })
    return
  }
  const before = shareOf(errorCounts(baseline))
  const allowed = allowedBy(asked.bound.limit, before.p, asked.direction) ?? 1
  cell.baseline = before.p
  cell.allowed.limit = allowed
  const interval = differenceInterval(before, share, ...ends(asked))
  conclude(cell, { ...interval, scale: 'difference', allowed: allowed - before.p, inflation: interval.deff, seconds })
}

/** A fixed limit on p99 is the promise that at most 1 % is slower; a relative one compares the intervals' quantiles. */
function judgeLatency(cell: CellVerdict, asked: Asked, stretch: Stretch, baseline: Stretch | undefined, length: number): void {
  const { is } = asked.measure
  if (is.kind !== 'latency') return
  if (baseline) {
    const series = (of: Stretch): number[] => intervalsOf(of, length).map((interval) => intervalValue(interval, is))
    const [before, after] = [series(baseline), series(stretch)]
    cell.n = after.length
    cell.of = 'intervals'
    judgeShift(cell, asked, before, after, stretch.seconds.length)
    return
  }
  cell.observed = quantile(sortedLatencies(present(stretch)), is.quantile)
  const share = shareOf(slowCounts(stretch, cell.allowed.limit ?? 0))
  const interval = shareInterval(share, ...ends(asked))
  // `min` on a latency is odd but says what it says: at least that share must be slower.
  conclude(cell, {
    ...interval,
    scale: 'slower',
    allowed: Number((1 - is.quantile).toPrecision(12)),
    inflation: interval.deff,
    seconds: stretch.seconds.length,
  })
}

/** Good answers per second. */
function judgeGoodput(cell: CellVerdict, asked: Asked, stretch: Stretch, baseline: Stretch | undefined, length: number): void {
  const series = (of: Stretch): number[] => intervalsOf(of, length).map((interval) => intervalValue(interval, asked.measure.is))
  const after = series(stretch)
  cell.n = after.length
  cell.of = 'intervals'
  const { limit } = asked.bound
  if (limit.kind === 'absolute') return judgeMean(cell, asked, after, limit, stretch.seconds.length)
  const before = series(baseline as Stretch)
  if (before.every((value) => value === 0)) cell.why = 'baseline has no good answers'
  else judgeShift(cell, asked, before, after, stretch.seconds.length)
}
