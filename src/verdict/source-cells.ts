/** Judging what a source reported: what was read is the answer, only a comparison with baseline needs a test. */
import { fewestIntervals } from '../document/enough-data.ts'
import { type Asked, conclude, openCell } from './cell.ts'
import { firstHolding } from './held-from.ts'
import { allowedBy } from './limits.ts'
import { quantity } from './numbers.ts'
import { median } from './quantile.ts'
import { allRead, type Readings, type ReadValue, readingsOf } from './readings.ts'
import { ends, judgeShift } from './series-cell.ts'
import { differenceInterval, shareInterval, shareOf, sum } from './share-interval.ts'
import type { Material } from './stretch.ts'
import type { CellVerdict } from './verdict.ts'

export function judgeSourceCell(material: Material, asked: Asked): CellVerdict {
  const cell = openCell(asked)
  cell.of = 'readings'
  const readings = readingsOf(material, asked.measure, asked.phase, asked.bound.after)
  if (!readings || readings.values.length + readings.beyond.length === 0) return refuse(cell, 'there are no readings')
  Object.assign(cell, { n: readings.values.length, missing: readings.missing })
  if (readings.values.length > 0) cell.observed = median(readings.values.map(plain))
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
  else judgeLevels(cell, asked, baseline, readings)
}

/** A value out of a bucket may be anything within it: what is decided must be so at the adverse edges too. */
function judgeLevels(cell: CellVerdict, asked: Asked, baseline: Readings, readings: Readings): void {
  const seconds = (readings.to - readings.from) / 1000
  judgeShift(cell, asked, thirty(baseline), thirty(readings), seconds)
  if (cell.resolution === undefined || cell.decision === "can't tell") return
  const rising = (cell.decision === 'breached') === (asked.direction === 'max')
  const [before, after] = rising ? ([high, low] as const) : ([low, high] as const)
  const adverse = openCell(asked)
  judgeShift(adverse, asked, thirty(baseline, before), thirty(readings, after), seconds)
  if (adverse.decision !== cell.decision) tooWide(cell)
}

const plain = ({ value }: ReadValue): number => value
/** The lower edge itself belongs to the bucket below. */
export const low = ({ value, low: edge }: ReadValue): number => (edge === undefined ? value : edge * (1 + 1e-12))
export const high = ({ value, high: edge }: ReadValue): number => edge ?? value

function tooWide(cell: CellVerdict): void {
  cell.decision = "can't tell"
  cell.why = `the buckets, up to ${quantity(cell.resolution ?? 0, cell.unit)} wide, are too wide to tell`
}

/** A number of things is taken literally; other readings jitter, and a bound is broken by three in a row or by more than 5 % of them. */
function judgeObserved(cell: CellVerdict, asked: Asked, readings: Readings, limit: number): void {
  const seen = [...readings.values, ...readings.beyond].sort((a, b) => a.at - b.at)
  const values = seen.map(plain)
  const extreme = asked.direction === 'max' ? values.reduce((a, b) => Math.max(a, b)) : values.reduce((a, b) => Math.min(a, b))
  const open = asked.direction === 'max' && readings.beyond.some(({ value }) => value === extreme)
  Object.assign(cell, { estimate: extreme, interval: [extreme, open ? null : extreme] })
  const [mildest, worst] = asked.direction === 'max' ? ([low, high] as const) : ([high, low] as const)
  const [surely, possibly] = [mildest, worst].map((edge) => outsideOf(seen.map(edge), asked, limit)) as [Outside, Outside]
  if (surely.breached) cell.decision = 'breached'
  else if (readings.missing > 0.1) cell.why = `${quantity(readings.missing, 'share')} of the readings are missing`
  else if (surely.bad > 0) cell.why = `${surely.bad} of ${values.length} readings were outside, never three in a row`
  else if (possibly.bad > 0 && readings.beyond.length > 0) cell.why = 'some readings lie beyond the last bucket'
  else if (possibly.bad > 0) tooWide(cell)
  else cell.decision = 'held'
}

interface Outside {
  bad: number
  breached: boolean
}

function outsideOf(values: readonly number[], { direction, measure }: Asked, limit: number): Outside {
  const outside = values.map((value) => (direction === 'max' ? value > limit : value < limit))
  const bad = outside.filter(Boolean).length
  let longest = 0
  let run = 0
  for (const out of outside) {
    run = out ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return { bad, breached: measure.unit === 'count' ? bad > 0 : longest >= 3 || bad > 0.05 * outside.length }
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
export function pointsOf({ values }: Readings, of: (value: ReadValue) => number = plain): { at: number; value: number }[] {
  const size = Math.max(1, Math.round(values.length / 30))
  const points: { at: number; value: number }[] = []
  for (let start = 0; start + size <= values.length; start += size) {
    const group = values.slice(start, start + size)
    points.push({ at: group[0]?.at ?? 0, value: sum(group.map(of)) / size })
  }
  return points
}

/** Their values alone. */
export function thirty(readings: Readings, of: (value: ReadValue) => number = plain): number[] {
  return pointsOf(readings, of).map(({ value }) => value)
}

/** Readings that are pooled to say whether a share of events, or a value that is compared with baseline, holds. */
const pooled = 5

/**
 * ms after the phase began from which the limit was kept; null: never. Under a fixed limit one reading outside is outside: from the first reading
 * after the last such. What is judged as a whole may have a bad reading: five at a time, and a hold that forgives a blip.
 */
function heldFrom(material: Material, asked: Asked, limit: number): number | null {
  const whole = readingsOf(material, asked.measure, asked.phase)
  if (!whole) return null
  const { counts } = whole
  const values = allRead(whole)
  if (values.length === 0) return null
  const within = (value: number): boolean => (asked.direction === 'max' ? value <= limit : value >= limit)
  const literal = asked.bound.limit.kind === 'absolute' && !counts
  const first = literal
    ? values.findLastIndex(({ value }) => !within(value)) + 1
    : firstHolding(
        values.slice(0, Math.max(1, values.length - pooled + 1)).map((_, i) => {
          const [bad, total] = [counts?.bad.slice(i, i + pooled) ?? [], counts?.total.slice(i, i + pooled) ?? []]
          return within(counts ? sum(bad) / sum(total) : median(values.slice(i, i + pooled).map(({ value }) => value)))
        }),
      )
  const from = values[first]
  if (first === 0) return 0
  return from ? from.at - whole.from : null
}

function refuse(cell: CellVerdict, why: string): CellVerdict {
  cell.why = why
  return cell
}
