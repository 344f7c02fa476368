/** The sources of a run, its proxies among them, and the measures that they serve. */
import type { ProxySpec, SourceSpec } from '../document/experiment.ts'
import { proxyPrefix } from '../document/measure-source.ts'
import { isModulePath } from '../document/own-module.ts'
import { SquallError } from '../errors.ts'
import { openOwnSource } from '../measures/own.ts'
import { type PollOptions, pollSources, type SourcePoll } from '../measures/poll.ts'
import { type MeasuredProxy, proxySource } from '../measures/proxy.ts'
import { proxySocket } from '../proxy/life/place.ts'
import type { AnySource, MeasuringOptions } from './measuring.ts'
import { paceWarnings } from './pace.ts'

/** @throws SquallError `source-not-readable` with every problem of every source, before anything is asked for */
export async function startPolling(
  options: Pick<MeasuringOptions, 'experiment' | 'folder' | 'at' | 'sources' | 'secrets' | 'note'>,
  told: Pick<PollOptions, 'onSample' | 'onComplete' | 'acknowledged'>,
): Promise<SourcePoll | null> {
  const { experiment, folder, at, secrets, note } = options
  const declared = new Map<string, () => Promise<Opened>>([
    ...experiment.sources.map((spec) => [spec.name, () => openSource(spec, options)] as const),
    ...experiment.proxies.flatMap((proxy) => ('listen' in proxy ? [[proxyPrefix + proxy.name, () => openProxy(proxy)] as const] : [])),
  ])
  const wanted = experiment.measures.filter(({ from }) => declared.has(from))
  if (wanted.length === 0) return null
  const used = [...declared].filter(([name]) => wanted.some(({ from }) => from === name))
  const opened = new Map(await Promise.all(used.map(async ([name, open]) => [name, await open()] as const)))
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

function openProxy(proxy: ProxySpec & { listen: string }): Promise<Opened> {
  const config: MeasuredProxy = { proxy, socket: proxySocket(proxy.listen) }
  return Promise.resolve({ source: proxySource, config })
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
