/** Sources that give a reading more rarely than once a second, or late: what that means for guard, deadline and verdict. */
import { fewestIntervals } from '../document/enough-data.ts'
import type { Experiment, Measure } from '../document/experiment.ts'
import type { SourcePoll } from '../measures/poll.ts'
import type { AnySource } from './measuring.ts'

/** ms: from one reading to the next, and until one may be called complete. */
export type Rhythm = SourcePoll['rhythms'][string]

/** ms that an abort may be late without a word. */
const slowGuard = 20_000

/** ms by measure: how much longer than a second the guard may have to wait for a reading. */
export function pacesOf(poll: SourcePoll | null): Record<string, number> {
  return Object.fromEntries(Object.entries(poll?.rhythms ?? {}).map(([name, rhythm]) => [name, paceOf(rhythm)]))
}

/** ms that the run waits, twice, for the slowest of its sources to be complete. */
export function longestLag({ sources: declared }: Experiment, sources: readonly AnySource[]): number {
  return Math.max(0, ...declared.map(({ type }) => sources.find((source) => source.type === type)?.lag ?? 0))
}

/** What the author should know before the phases begin: too few readings for a comparison, a guard that sees late. */
export function paceWarnings({ name, max, min }: Measure, phases: Experiment['phases'], rhythm: Rhythm | undefined): string[] {
  if (!rhythm) return []
  const compared = (['fault', 'recovery'] as const).filter((phase) =>
    [max[phase], min[phase]].some((bound) => bound && (bound.limit.kind === 'times' || bound.limit.kind === 'plus')),
  )
  const few = (compared.length > 0 ? (['baseline', ...compared] as const) : []).filter(
    (phase) => phases[phase] / rhythm.step < fewestIntervals,
  )
  const guarded = [max.abort, min.abort].some((bound) => bound && bound.limit.kind !== 'none')
  const every = `${name} has a reading every ${seconds(rhythm.step)}`
  return [
    ...few.map(
      (phase) =>
        `${every}: ${Math.floor(phases[phase] / rhythm.step)} in the ${phase} phase, ` +
        `${fewestIntervals} are needed for a comparison with baseline (${seconds(fewestIntervals * rhythm.step)})`,
    ),
    ...(guarded && paceOf(rhythm) > slowGuard ? [`${every}: its abort may come up to ${seconds(paceOf(rhythm))} late`] : []),
  ]
}

function paceOf({ step, lag }: Rhythm): number {
  return 2 * step + lag
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`
}
