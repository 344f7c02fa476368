/** Judging a series against baseline, or against a fixed level. */
import type { Limit } from '../document/experiment.ts'
import { type Asked, conclude } from './cell.ts'
import { allowedBy } from './limits.ts'
import { meanInterval } from './mean-interval.ts'
import { median } from './quantile.ts'
import { shiftInterval } from './rank-interval.ts'
import type { CellVerdict } from './verdict.ts'

/** The alphas of the lower and the upper end: the end that proves a breach has its own error rate. */
export function ends({ direction, alpha }: Asked): [lo: number, hi: number] {
  return direction === 'max' ? [alpha.breached, alpha.held] : [alpha.held, alpha.breached]
}

/** Relative bound: as a ratio on logarithms where everything is positive, else as a plain difference. */
export function judgeShift(cell: CellVerdict, asked: Asked, before: readonly number[], after: readonly number[], seconds: number): void {
  const { limit } = asked.bound
  const baseline = median(before)
  const allowed = allowedBy(limit, baseline, asked.direction)
  if (allowed === null) return
  cell.baseline = baseline
  cell.observed = median(after)
  cell.allowed.limit = allowed
  const positive = (values: readonly number[]): boolean => values.every((value) => value > 0)
  const asRatio = asked.measure.unit !== 'share' && allowed > 0 && positive(before) && positive(after)
  const scale = (values: readonly number[]): number[] => (asRatio ? values.map(Math.log) : [...values])
  const { estimate, lo, hi, inflation, df } = shiftInterval(scale(before), scale(after), ...ends(asked))
  const back = (x: number): number => (asRatio ? Math.exp(x) : x)
  conclude(cell, {
    scale: asRatio ? 'ratio' : 'difference',
    estimate: back(estimate),
    lo: lo === Number.NEGATIVE_INFINITY ? lo : back(lo),
    hi: back(hi),
    allowed: asRatio ? allowed / baseline : allowed - baseline,
    inflation,
    df,
    seconds,
  })
}

/** Fixed level: the mean of the series with its interval. */
export function judgeMean(
  cell: CellVerdict,
  asked: Asked,
  values: readonly number[],
  limit: Extract<Limit, { kind: 'absolute' }>,
  seconds: number,
): void {
  const { estimate, lo, hi, inflation, df } = meanInterval(values, ...ends(asked))
  cell.observed = estimate
  conclude(cell, { scale: 'value', estimate, lo, hi, allowed: limit.value, inflation, df, seconds })
}
