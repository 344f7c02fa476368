/** The tail check: a series of intervals is blind to rare bursts, on purpose; here the whole phase is asked for requests that are slower than before. */
import { tailErrorRates, tailMeasure } from './asked-bounds.ts'
import { type Asked, conclude, openCell } from './cell.ts'
import { allowedBy } from './limits.ts'
import { quantile } from './quantile.ts'
import { ends } from './series-cell.ts'
import { differenceInterval, shareOf } from './share-interval.ts'
import { type Material, missingShare, present, slowCounts, sortedLatencies, stretchOf } from './stretch.ts'
import { lacks } from './traffic-cells.ts'
import type { CellVerdict } from './verdict.ts'

/** Share by which there may be more slow requests than before. */
const margin = 0.01
/** What is slow, in multiples of baseline's p99, where the bound itself allows less. */
const leastSlow = 1.2

/**
 * At most 1 pp more of the requests than in baseline may take longer than the recovery bound allows p99 to be, or than 1.2 × baseline's p99 when that
 * is more: it never asks for more than the bound does. *Can't tell* keeps no run from passing: with bursts it is the usual answer.
 */
export function judgeTail(material: Material): CellVerdict | null {
  const found = tailMeasure(material.experiment)
  if (!found) return null
  const { measure, bound } = found
  const asked: Asked = {
    measure: { ...measure, name: `${measure.name} tail`, unit: 'share' },
    phase: 'recovery',
    direction: 'max',
    bound: { limit: { kind: 'plus', value: margin }, text: '+1pp', ...(bound.after !== undefined && { after: bound.after }) },
    alpha: tailErrorRates,
  }
  const cell: CellVerdict = { ...openCell(asked), advisory: true }
  const [baseline, recovery] = [stretchOf(material, 'baseline'), stretchOf(material, 'recovery', bound.after)]
  if (!baseline || !recovery) cell.why = baseline ? 'this phase has no data' : 'there is no baseline to compare with'
  else {
    cell.missing = missingShare(recovery)
    const lacking = lacks(material, [baseline, recovery])
    if (lacking) cell.why = lacking.why
    else {
      const before = quantile(sortedLatencies(present(baseline)), 0.99)
      const slow = Math.max(leastSlow * before, allowedBy(bound.limit, before, 'max') ?? 0)
      compare(cell, asked, [slowShare(baseline, slow), slowShare(recovery, slow)], recovery.seconds.length)
      cell.slowerThan = slow
    }
  }
  return cell
}

function slowShare(stretch: Parameters<typeof slowCounts>[0], slow: number): ReturnType<typeof shareOf> {
  return shareOf(slowCounts(stretch, slow))
}

function compare(
  cell: CellVerdict,
  asked: Asked,
  [before, after]: [ReturnType<typeof shareOf>, ReturnType<typeof shareOf>],
  seconds: number,
): void {
  cell.n = after.n
  cell.observed = after.p
  cell.baseline = before.p
  cell.allowed.limit = before.p + margin
  const interval = differenceInterval(before, after, ...ends(asked))
  conclude(cell, { ...interval, scale: 'difference', allowed: margin, inflation: interval.deff, seconds })
}
