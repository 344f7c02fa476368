/** Judging what a source reported: what was read is the answer, only a comparison with baseline needs a test. */
import { fewestIntervals } from '../document/enough-data.ts'
import { type Asked, conclude, openCell } from './cell.ts'
import { allowedBy } from './limits.ts'
import { quantity } from './numbers.ts'
import { median } from './quantile.ts'
import { type Readings, readingsOf } from './readings.ts'
import { ends, judgeShift } from './series-cell.ts'
import { differenceInterval, shareInterval, shareOf, sum } from './share-interval.ts'
import type { Material } from './stretch.ts'
import type { CellVerdict } from './verdict.ts'

export function judgeSourceCell(material: Material, asked: Asked): CellVerdict {
  const cell = openCell(asked)
  cell.of = 'readings'
  const readings = readingsOf(material, asked.measure, asked.phase, asked.bound.after)
  if (!readings || readings.values.length === 0) return refuse(cell, 'there are no readings')
  Object.assign(cell, { n: readings.values.length, missing: readings.missing, observed: median(readings.values.map(({ value }) => value)) })
  if (readings.resolution !== undefined) cell.resolution = readings.resolution
  const { limit, after } = asked.bound
  if (limit.kind !== 'absolute') judgeRelative(cell, material, asked, readings)
  else if (readings.counts) judgeEvents(cell, asked, readings, null)
  else judgeObserved(cell, asked, readings, limit.value)
  if (after !== undefined && cell.allowed.limit !== null) cell.heldFrom = heldFrom(material, asked, cell.allowed.limit)
  return cell
}

function judgeRelative(cell: CellVerdict, material: Material, asked: Asked, readings: Readings): void {
  const baseline = readingsOf(material, asked.measure, 'baseline')
  if (!baseline || baseline.values.length === 0) {
    cell.why = 'there is no baseline to compare with'
    return
  }
  const spoilt = [baseline, readings].find(({ missing }) => missing > 0.1)
  if (spoilt) cell.why = `${quantity(spoilt.missing, 'share')} of the readings ${spoilt === baseline ? 'before the fault ' : ''}are missing`
  else if (Math.min(baseline.values.length, readings.values.length) < fewestIntervals) cell.why = `fewer than ${fewestIntervals} readings`
  else if (readings.counts && baseline.counts) judgeEvents(cell, asked, readings, baseline)
  else judgeShift(cell, asked, thirty(baseline), thirty(readings), (readings.to - readings.from) / 1000)
}

/** A number of things is taken literally; other readings jitter, and a bound is broken by three in a row or by more than 5 % of them. */
function judgeObserved(cell: CellVerdict, asked: Asked, readings: Readings, limit: number): void {
  const outside = readings.values.map(({ value }) => (asked.direction === 'max' ? value > limit : value < limit))
  const bad = outside.filter(Boolean).length
  let longest = 0
  let run = 0
  for (const out of outside) {
    run = out ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  const values = readings.values.map(({ value }) => value)
  const extreme = asked.direction === 'max' ? values.reduce((a, b) => Math.max(a, b)) : values.reduce((a, b) => Math.min(a, b))
  const breached = asked.measure.unit === 'count' ? bad > 0 : longest >= 3 || bad > 0.05 * outside.length
  Object.assign(cell, { estimate: extreme, interval: [extreme, extreme] })
  if (breached) cell.decision = 'breached'
  else if (readings.missing > 0.1) cell.why = `${quantity(readings.missing, 'share')} of the readings are missing`
  else if (bad > 0) cell.why = `${bad} of ${outside.length} readings were outside, never three in a row`
  else cell.decision = 'held'
}

function judgeEvents(cell: CellVerdict, asked: Asked, readings: Readings, baseline: Readings | null): void {
  if (readings.missing > 0.1) {
    cell.why = `${quantity(readings.missing, 'share')} of the readings are missing`
    return
  }
  const seconds = (readings.to - readings.from) / 1000
  const share = shareOf(readings.counts ?? { bad: [], total: [] })
  cell.observed = share.p
  cell.n = sum(readings.counts?.total ?? [])
  cell.of = 'requests'
  if (!baseline?.counts) {
    const interval = shareInterval(share, ...ends(asked))
    conclude(cell, { ...interval, scale: 'value', allowed: cell.allowed.limit ?? 0, inflation: interval.deff, seconds })
    return
  }
  const before = shareOf(baseline.counts)
  const allowed = allowedBy(asked.bound.limit, before.p, asked.direction) ?? 1
  cell.baseline = before.p
  cell.allowed.limit = allowed
  const interval = differenceInterval(before, share, ...ends(asked))
  conclude(cell, { ...interval, scale: 'difference', allowed: allowed - before.p, inflation: interval.deff, seconds })
}

/** At most thirty points of equally many readings each: readings a second apart repeat each other. */
export function thirty({ values }: Readings): number[] {
  const size = Math.max(1, Math.round(values.length / 30))
  const points: number[] = []
  for (let start = 0; start + size <= values.length; start += size)
    points.push(sum(values.slice(start, start + size).map(({ value }) => value)) / size)
  return points
}

/** ms after the phase began of the first reading after the last one outside; null: the last one was outside. */
function heldFrom(material: Material, asked: Asked, limit: number): number | null {
  const whole = readingsOf(material, asked.measure, asked.phase)
  if (!whole || whole.values.length === 0) return null
  const last = whole.values.findLastIndex(({ value }) => (asked.direction === 'max' ? value > limit : value < limit))
  if (last < 0) return 0
  const next = whole.values[last + 1]
  return next ? next.at - whole.from : null
}

function refuse(cell: CellVerdict, why: string): CellVerdict {
  cell.why = why
  return cell
}
