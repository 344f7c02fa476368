/** Asks sources for their measures each second, never two questions at once for the same measure. */
import type { Sample } from '../records/run-data.ts'
import type { Reading, Source, SourceContext } from './source.ts'

export interface PolledMeasure {
  /** Name of the measure. */
  name: string
  query: string
  // biome-ignore lint/suspicious/noExplicitAny: sources of different configurations in one list.
  source: Source<any>
  config: unknown
}

export interface PollOptions {
  measures: readonly PolledMeasure[]
  /** ms since the run's start. */
  at(): number
  onSample(measure: string, sample: Sample): void
  secret?(name: string): Promise<string>
}

export interface SourcePoll {
  stop(): Promise<void>
}

/** A question that is not answered within its second is missing for that second; its late answer is not used. */
export function pollSources(options: PollOptions): SourcePoll {
  const controller = new AbortController()
  const context: SourceContext = {
    signal: controller.signal,
    secret: options.secret ?? ((name) => Promise.reject(new Error(`the secret ${name} is not set`))),
    log: () => {},
  }
  const asking = new Set<string>()
  const ask = async (measure: PolledMeasure): Promise<void> => {
    const { name, source, config, query } = measure
    if (asking.has(name)) return options.onSample(name, { at: options.at(), missing: 'the source has not answered the last question yet' })
    asking.add(name)
    const asked = options.at()
    let reading: Reading
    try {
      reading = (await source.now?.(config, query, context)) ?? { missing: 'the source cannot be asked live' }
    } catch (error) {
      reading = { missing: (error as Error).message }
    }
    asking.delete(name)
    if (!controller.signal.aborted && options.at() - asked < 1000) options.onSample(name, { at: asked, ...reading })
  }
  const round = (): void => {
    for (const measure of options.measures) void ask(measure)
  }
  round()
  const timer = setInterval(round, 1000)
  return {
    stop() {
      clearInterval(timer)
      controller.abort()
      return Promise.resolve()
    },
  }
}
