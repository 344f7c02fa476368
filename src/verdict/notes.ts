/** What happened in plain words (requirement A3). Notes inform; they never decide. */

import { failureReasons } from './failure-reasons.ts'
import { change, quantity, ratio, seconds } from './numbers.ts'
import { readingsOf } from './readings.ts'
import { stillReading } from './still-reading.ts'
import { type Material, present, smallLag, stretchOf } from './stretch.ts'
import type { PhaseSummary, Stability, Verdict } from './verdict.ts'

export function notesOf(
  material: Material,
  found: Pick<Verdict, 'phases' | 'harm' | 'faults' | 'cells' | 'stability' | 'halves'>,
): string[] {
  const byPhase = (phase: PhaseSummary['phase']): PhaseSummary | undefined => found.phases.find((summary) => summary.phase === phase)
  const [baseline, fault, recovery] = [byPhase('baseline'), byPhase('fault'), byPhase('recovery')]
  return [
    ...latencyNotes(baseline, fault, 'during the fault'),
    ...latencyNotes(baseline, recovery, 'after the fault'),
    ...errorNotes(baseline, fault, 'during the fault'),
    ...errorNotes(baseline, recovery, 'after the fault'),
    ...(found.harm && found.harm.sentence !== '' ? [found.harm.sentence] : []),
    ...reasonNotes(material),
    ...(recovery ? [`observed for ${seconds(recovery.to - recovery.from)} after the fault`] : []),
    ...stillNotes(material),
    ...driftNotes(found),
    ...(found.halves.answer === 'no'
      ? [`a false alarm before the fault: the second half of the baseline, judged against the first: ${found.halves.reason}`]
      : []),
    ...found.phases
      .filter(({ missing }) => missing > 0)
      .map(({ phase, missing, seconds: all }) => `${missing} of ${all} seconds of the ${phase} phase have no trustworthy data`),
    ...latenessNotes(material, found.phases),
    ...found.cells.flatMap(({ measure, unit, phase, resolution }) =>
      resolution === undefined ? [] : [`${measure} in ${phase} comes from buckets up to ${quantity(resolution, unit)} wide`],
    ),
    ...found.faults.map(({ fault: name, target, problem, text }) => `fault ${name} at ${target}: ${problem}, ${text}`),
  ]
}

/** Why seconds are not trusted, when it was the machine: what a person can do about it. */
function latenessNotes({ data }: Material, phases: readonly PhaseSummary[]): string[] {
  const spoilt = phases.filter(({ missing }) => missing > 0)
  const lags = data.traffic.filter(({ t }) => spoilt.some(({ from, to }) => t * 1000 >= from && t * 1000 < to)).map(({ lagP99 }) => lagP99)
  const worst = Math.max(0, ...lags.filter(Number.isFinite))
  if (worst <= smallLag) return []
  return [
    `Squall itself was up to ${quantity(worst, 'ms')} late with its requests: this machine was too busy; run again when less else is going on`,
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

/** A trend that reaches the margin within the baseline: seldom provable in so short a time, and part of any change afterwards. */
function driftNotes({ phases, stability }: Pick<Verdict, 'phases' | 'stability'>): string[] {
  const baseline = phases.find(({ phase }) => phase === 'baseline')
  const minutes = baseline ? (baseline.to - baseline.from) / 60_000 : 0
  const drifts = ({ decision, perMinute, margin }: Stability): boolean =>
    decision !== 'moved' && Math.abs(perMinute ?? 0) * minutes > margin
  return stability.filter(drifts).map(({ sentence }) => sentence)
}

function stillNotes(material: Material): string[] {
  return material.experiment.measures.flatMap((measure) => {
    if (measure.from === 'traffic' || measure.unit !== 'ms') return []
    // Out of buckets a value stands still because the bucket does.
    const values = (readingsOf(material, measure, 'baseline')?.values ?? []).filter(({ low }) => low === undefined)
    const still = stillReading(values.map(({ value }) => value))
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
