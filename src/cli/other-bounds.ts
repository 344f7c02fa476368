/** `judge --with`: the samples of a run under the bounds of another document. Everything that was done and measured stays what it was. */
import { isDeepStrictEqual } from 'node:util'
import type { Experiment, Measure } from '../document/experiment.ts'
import { SquallError } from '../errors.ts'
import type { StoredRun } from '../records/stored-run.ts'

export interface OtherBounds {
  /** The run's experiment with the other document's measures. */
  experiment: Experiment
  /** What differs, one line each: bounds first, then what was not taken over. */
  differences: string[]
}

/** @throws SquallError `measure-not-recorded` with every measure that the samples cannot answer */
export function underOtherBounds(run: StoredRun, other: Experiment): OtherBounds {
  const problems = other.measures.flatMap((measure) => whyNotRecorded(run, measure, other) ?? [])
  if (problems.length > 0)
    throw new SquallError('measure-not-recorded', `run ${run.id} cannot be judged under these measures: ${problems.join('; ')}`)
  return {
    experiment: { ...run.experiment, measures: other.measures },
    differences: [...boundChanges(run.experiment, other), ...leftOut(run.experiment, other)],
  }
}

function whyNotRecorded({ experiment, samples }: StoredRun, measure: Measure, other: Experiment): string | undefined {
  const { name, from, is, unit, query } = measure
  if (is.kind === 'recovery-time') return undefined
  if (from === 'traffic') return experiment.traffic ? undefined : `${name} needs traffic, and the run had none`
  const recorded = experiment.measures.find((candidate) => candidate.name === name && candidate.from !== 'traffic')
  if (!recorded || !samples[name]) return `${name} was not recorded`
  const typeOf = ({ sources }: Experiment, wanted: string): string | undefined => sources.find((source) => source.name === wanted)?.type
  if (recorded.query !== query) return `${name} was recorded with the query “${recorded.query}”, not “${query}”`
  if (typeOf(experiment, recorded.from) !== typeOf(other, from)) return `${name} was recorded from ${recorded.from}, not from ${from}`
  if (recorded.unit !== unit || recorded.is.kind !== is.kind)
    return `${name} was recorded as ${recorded.is.kind} in ${recorded.unit}, not as ${is.kind} in ${unit}`
  return undefined
}

const phases = ['baseline', 'fault', 'recovery'] as const

function boundChanges(before: Experiment, after: Experiment): string[] {
  const names = new Set([...before.measures, ...after.measures].map(({ name }) => name))
  const boundOf = ({ measures }: Experiment, name: string, direction: 'max' | 'min', phase: (typeof phases)[number]): string =>
    measures.find((measure) => measure.name === name)?.[direction][phase]?.text ?? 'none'
  return [...names].flatMap((name) =>
    (['max', 'min'] as const).flatMap((direction) =>
      phases.flatMap((phase) => {
        const [old, now] = [boundOf(before, name, direction, phase), boundOf(after, name, direction, phase)]
        return old === now ? [] : [`${name} ${direction} ${phase}: ${old} → ${now}`]
      }),
    ),
  )
}

/** Parts of the other document that say something else than the run's, and that no judging can change. */
function leftOut(before: Experiment, after: Experiment): string[] {
  const parts = (['traffic', 'sources', 'phases', 'faults', 'environment'] as const).filter((part) => {
    const plain = (experiment: Experiment): unknown =>
      part === 'faults' ? experiment.faults.map(({ line: _line, ...fault }) => fault) : experiment[part]
    return !isDeepStrictEqual(plain(before), plain(after))
  })
  return parts.length === 0 ? [] : [`not taken over, the run had its own: ${parts.join(', ')}`]
}
