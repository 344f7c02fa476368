/** The harm that was done, whatever the verdict: how many requests, for how many seconds beyond the bounds. */
import type { Measure } from '../document/experiment.ts'
import type { TrafficSecond } from '../records/run-data.ts'
import { quantity, seconds as secondsWords } from './numbers.ts'
import { median } from './quantile.ts'
import { readingsOf } from './readings.ts'
import { shareOf, sum } from './share-interval.ts'
import { countedSeconds, ended, errorCounts, type Material, present, type Stretch, slowCounts, stretchOf, windowOf } from './stretch.ts'
import type { CellVerdict, Harm, OutOfBounds } from './verdict.ts'

/** Null when no fault phase took place. `cells`: the judged ones, whose limits are resolved against baseline. */
export function harmOf(material: Material, cells: readonly CellVerdict[]): Harm | null {
  if (!windowOf(material, 'fault')) return null
  const baseline = stretchOf(material, 'baseline', 0, 'counts')
  const harm: Harm = { requests: null, seconds: null, worst: null, outOfBounds: outOfBounds(material, baseline, cells), sentence: '' }
  if (material.experiment.traffic && baseline && present(baseline).length > 0)
    countRequests(harm, material, shareOf(errorCounts(baseline)).p)
  harm.sentence = sentenceOf(harm)
  return harm
}

function countRequests(harm: Harm, material: Material, usual: number): void {
  const [fault, recovery] = [windowOf(material, 'fault'), windowOf(material, 'recovery')]
  if (!fault) return
  let requests = 0
  let seconds = 0
  for (const second of countedSeconds(material, fault.from, (recovery ?? fault).to)) {
    const bad = second.error + second.timeout
    const n = ended(second)
    if (n === 0) continue
    requests += Math.max(0, bad - n * usual)
    if (beyondChance(bad, n * usual)) seconds++
    if (bad > 0 && bad / n > (harm.worst?.errorShare ?? 0)) harm.worst = { at: second.t * 1000, errorShare: bad / n }
  }
  Object.assign(harm, { requests: Math.round(requests), seconds })
}

/** One more than three standard deviations above what is expected. */
function beyondChance(bad: number, expected: number): boolean {
  return bad > expected + 3 * Math.sqrt(expected) + 1
}

function outOfBounds(material: Material, baseline: Stretch | undefined, cells: readonly CellVerdict[]): OutOfBounds {
  const outside = new Map<string, Set<number>>()
  for (const cell of cells) {
    const measure = material.experiment.measures.find(({ name }) => name === cell.measure)
    if (!measure || cell.phase === 'baseline' || cell.kind === 'recovery-time' || cell.allowed.limit === null) continue
    const found = measure.from === 'traffic' ? loadOutside(material, baseline, measure, cell) : readingsOutside(material, measure, cell)
    outside.set(measure.name, new Set([...(outside.get(measure.name) ?? []), ...found]))
  }
  const counts = [...outside].map(([measure, { size }]) => ({ measure, seconds: size })).filter(({ seconds }) => seconds > 0)
  const all = new Set([...outside.values()].flatMap((seconds) => [...seconds]))
  const of = (['fault', 'recovery'] as const).map((phase) => stretchOf(material, phase)?.seconds.length ?? 0)
  return { seconds: all.size, of: sum(of), measures: counts.toSorted((a, b) => b.seconds - a.seconds) }
}

/** A single second holds few requests: its share must be beyond the limit, and beyond what the baseline's own share explains by chance. */
function loadOutside(material: Material, baseline: Stretch | undefined, measure: Measure, cell: CellVerdict): Set<number> {
  const { is } = measure
  const limit = cell.allowed.limit as number
  const stretch = stretchOf(material, cell.phase, cell.after, is.kind === 'latency' ? 'times' : 'counts')
  const upper = cell.direction === 'max'
  if (is.kind === 'level') return secondsOf(stretch, ({ ok }) => (upper ? ok > limit : ok < limit))
  const counts = (of: Stretch): ReturnType<typeof errorCounts> => (is.kind === 'latency' ? slowCounts(of, limit) : errorCounts(of))
  const usual = baseline ? shareOf(counts(baseline)).p : 0
  const allowed = is.kind === 'latency' ? 1 - is.quantile : limit
  return secondsOf(stretch, (second) => {
    const one = counts({ ...(stretch as Stretch), seconds: [second] })
    const [bad, n] = [one.bad[0] ?? 0, one.total[0] ?? 0]
    if (!upper) return bad < allowed * n
    return bad > allowed * n && beyondChance(bad, usual * n)
  })
}

function secondsOf(stretch: Stretch | undefined, isOutside: (second: TrafficSecond) => boolean): Set<number> {
  return new Set((stretch ? present(stretch) : []).filter((second) => ended(second) > 0 && isOutside(second)).map(({ t }) => t))
}

/** A reading stands for the time to the next one, at the source's own pace. */
function readingsOutside(material: Material, measure: Measure, cell: CellVerdict): Set<number> {
  const values = readingsOf(material, measure, cell.phase, cell.after)?.values ?? []
  const limit = cell.allowed.limit as number
  const gaps = values.slice(1).map(({ at }, i) => at - (values[i]?.at ?? at))
  const lasts = Math.max(1, Math.round((gaps.length > 0 ? median(gaps) : 1000) / 1000))
  const outside = values.filter(({ value }) => (cell.direction === 'max' ? value > limit : value < limit))
  const phase = stretchOf(material, cell.phase)
  const isInside = (t: number): boolean => phase !== undefined && t >= phase.first && t < phase.first + phase.seconds.length
  return new Set(outside.flatMap(({ at }) => Array.from({ length: lasts }, (_, i) => Math.floor(at / 1000) + i).filter(isInside)))
}

function sentenceOf({ requests, seconds, worst, outOfBounds: { seconds: outside, of, measures } }: Harm): string {
  const parts = [
    ...(requests ? [`about ${requests} requests went wrong that would not have, in ${seconds} seconds`] : []),
    ...(outside > 0
      ? [`out of bounds for ${outside} of ${of} seconds (${measures.map((each) => `${each.measure} ${each.seconds} s`).join(', ')})`]
      : []),
    ...(requests && worst ? [`the worst second at +${secondsWords(worst.at)} with ${quantity(worst.errorShare, 'share')} errors`] : []),
  ]
  return parts.join('; ')
}
