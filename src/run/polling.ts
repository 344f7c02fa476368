/** The sources of a run, and the measures that they serve. */
import type { SourceSpec } from '../document/experiment.ts'
import { isModulePath } from '../document/own-module.ts'
import { SquallError } from '../errors.ts'
import { openOwnSource } from '../measures/own.ts'
import { type PollOptions, pollSources, type SourcePoll } from '../measures/poll.ts'
import type { AnySource, MeasuringOptions } from './measuring.ts'
import { paceWarnings } from './pace.ts'

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
    for (const measure of wanted)
      for (const text of paceWarnings(measure, experiment.phases, poll.rhythms[measure.name])) note('warn', text)
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
