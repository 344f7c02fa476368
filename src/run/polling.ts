/** The sources of a run: which measures they serve, and what the plan can expect of their pace. */
import { fewestIntervals } from '../document/enough-data.ts'
import type { Experiment, Measure, SourceSpec } from '../document/experiment.ts'
import { isModulePath } from '../document/own-module.ts'
import { SquallError } from '../errors.ts'
import { openOwnSource } from '../measures/own.ts'
import { type PollOptions, pollSources, type SourcePoll } from '../measures/poll.ts'
import type { AnySource, MeasuringOptions } from './measuring.ts'

/** @throws SquallError `source-not-readable` with every problem of every source, before anything is asked for */
export async function startPolling(
  options: Pick<MeasuringOptions, 'experiment' | 'folder' | 'at' | 'sources' | 'secrets' | 'note'>,
  told: Pick<PollOptions, 'onSample' | 'onComplete' | 'acknowledged'>,
): Promise<SourcePoll | null> {
  const { experiment, folder, at, secrets, note } = options
  const wanted = experiment.measures.filter((measure) => experiment.sources.some((source) => source.name === measure.from))
  if (wanted.length === 0) return null
  const used = experiment.sources.filter(({ name }) => wanted.some(({ from }) => from === name))
  const opened = new Map(await Promise.all(used.map(async (spec) => [spec.name, await openSource(spec, options)] as const)))
  const close = (): void => opened.forEach((source) => source.close?.())
  try {
    const poll = await pollSources({
      measures: wanted.map(({ name, query, unit, factor, from }) => ({
        ...{ name, query, unit },
        ...(factor !== undefined && { factor }),
        ...(opened.get(from) as Opened),
      })),
      at,
      folder,
      secret: secrets.read,
      log: (line) => note('info', line),
      ...told,
    })
    for (const measure of wanted) for (const text of tooCoarse(measure, experiment, poll)) note('warn', text)
    return { ...poll, stop: () => poll.stop().finally(close) }
  } catch (error) {
    close()
    throw error
  }
}

interface Opened {
  source: AnySource
  /** The same object for all measures of one source. */
  config: unknown
  close?(): void
}

/** One of Squall's own, or the author's module. */
async function openSource(
  { type, config }: SourceSpec,
  { sources, folder }: Pick<MeasuringOptions, 'sources' | 'folder'>,
): Promise<Opened> {
  if (isModulePath(type)) {
    const source = await openOwnSource({ path: type, folder })
    return { source, config, close: source.close }
  }
  const source = sources.find((candidate) => candidate.type === type)
  if (!source) throw new SquallError('internal', `no source of type ${type}`)
  return { source, config }
}

/** ms by measure: how much longer than a second the guard may have to wait for a reading. */
export function pacesOf(poll: SourcePoll | null): Record<string, number> {
  return Object.fromEntries(Object.entries(poll?.rhythms ?? {}).map(([name, { step, lag }]) => [name, 2 * step + lag]))
}

/** ms that the run waits, twice, for the slowest of its sources to be complete. */
export function longestLag({ sources: declared }: Experiment, sources: readonly AnySource[]): number {
  return Math.max(0, ...declared.map(({ type }) => sources.find((source) => source.type === type)?.lag ?? 0))
}

/** A comparison with baseline takes readings; a source that gives one a minute has too few in a phase of a minute. */
function tooCoarse({ name, max, min }: Measure, { phases }: Experiment, poll: SourcePoll): string[] {
  const rhythm = poll.rhythms[name]
  if (!rhythm) return []
  const compared = (['fault', 'recovery'] as const).filter((phase) =>
    [max[phase], min[phase]].some((bound) => bound && (bound.limit.kind === 'times' || bound.limit.kind === 'plus')),
  )
  return (compared.length > 0 ? (['baseline', ...compared] as const) : [])
    .filter((phase) => phases[phase] / rhythm.step < fewestIntervals)
    .map(
      (phase) =>
        `${name} has a reading every ${rhythm.step / 1000} s: ${Math.floor(phases[phase] / rhythm.step)} in the ${phase} phase, ` +
        `${fewestIntervals} are needed for a comparison with baseline (${Math.ceil((fewestIntervals * rhythm.step) / 1000)} s)`,
    )
}
