/** The measures of each phase with the time they were taken (requirement A2). */
import type { JudgedPhase } from '../document/experiment.ts'
import { median, quantile } from './quantile.ts'
import { readingsOf } from './readings.ts'
import { shareOf, sum } from './share-interval.ts'
import { ended, errorCounts, type Material, present, sortedLatencies, stretchOf } from './stretch.ts'
import type { PhaseSummary, ReadingSummary } from './verdict.ts'

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
