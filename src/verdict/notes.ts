/** What happened in plain words (requirement A3). Notes inform; they never decide. */

import { failureReasons } from './failure-reasons.ts'
import { change, quantity, ratio, seconds } from './numbers.ts'
import { quantile } from './quantile.ts'
import { readingsOf } from './readings.ts'
import { differenceInterval, shareOf } from './share-interval.ts'
import { stillReading } from './still-reading.ts'
import { type Material, missingShare, present, slowCounts, sortedLatencies, stretchOf } from './stretch.ts'
import type { CellVerdict, Harm, PhaseSummary, Verdict } from './verdict.ts'

export function notesOf(material: Material, found: Pick<Verdict, 'phases' | 'harm' | 'faults' | 'cells'>): string[] {
  const byPhase = (phase: PhaseSummary['phase']): PhaseSummary | undefined => found.phases.find((summary) => summary.phase === phase)
  const [baseline, fault, recovery] = [byPhase('baseline'), byPhase('fault'), byPhase('recovery')]
  return [
    ...latencyNotes(baseline, fault, 'during the fault'),
    ...latencyNotes(baseline, recovery, 'after the fault'),
    ...errorNotes(baseline, fault, 'during the fault'),
    ...errorNotes(baseline, recovery, 'after the fault'),
    ...harmNotes(found.harm),
    ...reasonNotes(material),
    ...(recovery ? [`observed for ${seconds(recovery.to - recovery.from)} after the fault`] : []),
    ...newBursts(material, found.cells),
    ...stillNotes(material),
    ...found.phases
      .filter(({ missing }) => missing > 0)
      .map(({ phase, missing, seconds: all }) => `${missing} of ${all} seconds of the ${phase} phase have no trustworthy data`),
    ...found.cells.flatMap(({ measure, unit, phase, resolution }) =>
      resolution === undefined ? [] : [`${measure} in ${phase} comes from buckets up to ${quantity(resolution, unit)} wide`],
    ),
    ...found.faults.map(({ fault: name, target, problem, text }) => `fault ${name} at ${target}: ${problem}, ${text}`),
  ]
}

function latencyNotes(baseline: PhaseSummary | undefined, phase: PhaseSummary | undefined, when: string): string[] {
  if (baseline?.p99 == null || phase?.p99 == null) return []
  const moved = baseline.p99 > 0 ? ` (${isCut(phase) ? 'at least ' : ''}${ratio(phase.p99 / baseline.p99)})` : ''
  return [`p99 latency ${when}: ${p99Words(baseline)} → ${p99Words(phase)}${moved}`]
}

function isCut({ p99, cutAt }: PhaseSummary): boolean {
  return cutAt != null && (p99 ?? 0) >= cutAt
}

function p99Words(summary: PhaseSummary): string {
  return `${isCut(summary) ? '≥ ' : ''}${quantity(summary.p99 ?? 0, 'ms')}`
}

function errorNotes(baseline: PhaseSummary | undefined, phase: PhaseSummary | undefined, when: string): string[] {
  if (baseline?.errorShare == null || phase?.errorShare == null) return []
  return [
    `errors ${when}: ${quantity(baseline.errorShare, 'share')} → ${quantity(phase.errorShare, 'share')} (${change(phase.errorShare - baseline.errorShare, 'share')})`,
  ]
}

function harmNotes(harm: Harm | null): string[] {
  if (!harm || harm.requests === 0) return []
  const worst = harm.worst ? `, the worst second at +${seconds(harm.worst.at)} with ${quantity(harm.worst.errorShare, 'share')} errors` : ''
  return [`about ${harm.requests} requests went wrong that would not have, in ${harm.seconds} seconds${worst}`]
}

function stillNotes(material: Material): string[] {
  return material.experiment.measures.flatMap((measure) => {
    if (measure.from === 'traffic' || measure.unit !== 'ms') return []
    const still = stillReading((readingsOf(material, measure, 'baseline')?.values ?? []).map(({ value }) => value))
    return still === null ? [] : [`${measure.name} ${still}`]
  })
}

function reasonNotes(material: Material): string[] {
  const words = { baseline: 'before the fault', fault: 'during the fault', recovery: 'after the fault' } as const
  return (['baseline', 'fault', 'recovery'] as const).flatMap((phase) => {
    const stretch = stretchOf(material, phase, 0, 'counts')
    const why = stretch ? failureReasons(present(stretch)) : ''
    return why === '' ? [] : [`why requests failed ${words[phase]}: ${why}`]
  })
}

/** The interval series is blind to rare bursts on purpose; here they are named: 1 pp more requests slower than 1.2 × baseline's p99. */
function newBursts(material: Material, cells: readonly CellVerdict[]): string[] {
  if (
    !cells.some(
      ({ phase, kind, decision, scale }) => phase === 'recovery' && kind === 'latency' && scale === 'ratio' && decision === 'held',
    )
  )
    return []
  const [baseline, recovery] = [stretchOf(material, 'baseline'), stretchOf(material, 'recovery')]
  if (!baseline || !recovery || missingShare(baseline) > 0.1 || missingShare(recovery) > 0.1) return []
  const slow = 1.2 * quantile(sortedLatencies(present(baseline)), 0.99)
  const { estimate, lo } = differenceInterval(shareOf(slowCounts(baseline, slow)), shareOf(slowCounts(recovery, slow)), 0.05, 0.05)
  return lo > 0.01
    ? [`slow bursts that were not there before: ${change(estimate, 'share')} of requests slower than ${quantity(slow, 'ms')}`]
    : []
}
