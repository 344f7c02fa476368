/** The measures of each phase with the time they were taken (requirement A2), and the harm that was done. */
import type { JudgedPhase } from '../document/experiment.ts'
import { median, quantile } from './quantile.ts'
import { readingsOf } from './readings.ts'
import { shareOf, sum } from './share-interval.ts'
import { countedSeconds, ended, errorCounts, type Material, present, sortedLatencies, stretchOf } from './stretch.ts'
import type { Harm, PhaseSummary, ReadingSummary } from './verdict.ts'

const phases: readonly JudgedPhase[] = ['baseline', 'fault', 'recovery']

export function summaries(material: Material): PhaseSummary[] {
  return phases.flatMap((phase) => {
    const stretch = stretchOf(material, phase)
    if (!stretch) return []
    const { from, to } = stretch.window
    const load = material.experiment.traffic !== undefined
    const seconds = present(stretch)
    const sorted = sortedLatencies(seconds)
    const requests = sum(seconds.map(ended))
    const at = (p: number): number | null => (sorted.length > 0 ? quantile(sorted, p) : null)
    return {
      phase,
      from,
      to,
      at: isoAt(material, from),
      seconds: stretch.seconds.length,
      missing: load ? stretch.seconds.length - seconds.length : 0,
      requests,
      notSent: sum(allSeconds(material, from, to).map(({ notSent }) => notSent)),
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
      cutAt: seconds.some(({ timeout }) => timeout > 0) ? (material.experiment.traffic?.timeout ?? null) : null,
      errorShare: requests > 0 ? shareOf(errorCounts(stretch)).p : null,
      throughput: load && seconds.length > 0 ? sum(seconds.map(({ ok }) => ok)) / seconds.length : null,
      readings: Object.fromEntries(readingSummaries(material, phase)),
    }
  })
}

function isoAt({ data }: Material, ms: number): string {
  const start = Date.parse(data.startedAt)
  const time = new Date(start + ms)
  return Number.isNaN(time.getTime()) ? data.startedAt : time.toISOString()
}

function allSeconds({ data }: Material, from: number, to: number): Material['data']['traffic'] {
  return data.traffic.filter(({ t }) => t * 1000 >= from && (t + 1) * 1000 <= to)
}

function readingSummaries(material: Material, phase: JudgedPhase): [string, ReadingSummary][] {
  return material.experiment.measures.flatMap((measure): [string, ReadingSummary][] => {
    const readings = measure.is.kind === 'recovery-time' || measure.from === 'traffic' ? undefined : readingsOf(material, measure, phase)
    if (!readings) return []
    const values = Float64Array.from(readings.values.map(({ value }) => value)).sort()
    const { counts, missing } = readings
    if (values.length === 0) return [[measure.name, { n: 0, missing, value: null, min: null, max: null }]]
    const value = counts ? shareOf(counts).p : median(values)
    return [[measure.name, { n: values.length, missing, value, min: values[0] as number, max: values.at(-1) as number }]]
  })
}

/** Null without load, without a trustworthy baseline, or when no fault phase took place. */
export function harmOf(material: Material): Harm | null {
  const [baseline, fault, recovery] = phases.map((phase) => stretchOf(material, phase))
  if (!material.experiment.traffic || !baseline || !fault || present(baseline).length === 0) return null
  const usual = shareOf(errorCounts(baseline)).p
  const harm: Harm = { requests: 0, seconds: 0, worst: null }
  for (const second of countedSeconds(material, fault.window.from, (recovery ?? fault).window.to)) {
    const bad = second.error + second.timeout
    const n = ended(second)
    if (n === 0) continue
    const expected = n * usual
    harm.requests += Math.max(0, bad - expected)
    // One more than three standard deviations of what baseline explains.
    if (bad > expected + 3 * Math.sqrt(expected) + 1) harm.seconds++
    if (bad > 0 && bad / n > (harm.worst?.errorShare ?? 0)) harm.worst = { at: second.t * 1000, errorShare: bad / n }
  }
  harm.requests = Math.round(harm.requests)
  return harm
}
