/** Asks the sources for their measures each second, never asking for a measure while the last question is open. */
import { SquallError } from '../errors.ts'
import type { Sample } from '../records/run-data.ts'
import { monotonicMs, within } from '../system/clock.ts'
import { environmentSecret } from './secret.ts'
import type { Reading, Source, SourceContext } from './source.ts'

const every = 1000

export interface PolledMeasure {
  /** Name of the measure. */
  name: string
  query: string
  // biome-ignore lint/suspicious/noExplicitAny: sources of different configurations in one list.
  source: Source<any>
  /** The same object for all measures of one source: they share an answer. */
  config: unknown
}

export interface PollOptions {
  measures: readonly PolledMeasure[]
  /** ms since the run's start. */
  at(): number
  onSample(measure: string, sample: Sample): void
  /** Default: environment variables. */
  secret?(name: string): Promise<string>
  log?(line: string): void
}

export interface SourcePoll {
  /** No sample comes after it resolves; what is under way is given up. */
  stop(): Promise<void>
}

/**
 * Gives one sample a second for each measure, stamped with when it was asked for. A question that is not answered before
 * the next second is missing for its own second, at once, and its late answer is thrown away.
 * @throws SquallError `source-not-readable`, with all problems of all measures, before any sample.
 */
export async function pollSources(options: PollOptions): Promise<SourcePoll> {
  const stopping = new AbortController()
  const context: SourceContext = {
    signal: stopping.signal,
    secret: options.secret ?? environmentSecret,
    log: options.log ?? (() => {}),
  }
  await checkAll(options.measures, context)

  const pollers = options.measures.map((measure) => poller(measure, context, options))
  let next = monotonicMs()
  let timer: NodeJS.Timeout
  const round = (): void => {
    const tick = {}
    for (const ask of pollers) ask(tick)
    // After a stop of this process the seconds in between have no samples: there was nobody to ask.
    while (next <= monotonicMs()) next += every
    timer = setTimeout(round, Math.ceil(next - monotonicMs()))
  }
  round()
  return {
    async stop() {
      clearTimeout(timer)
      stopping.abort()
    },
  }
}

function poller(measure: PolledMeasure, context: SourceContext, { at, onSample }: PollOptions): (tick: object) => void {
  /** When the open question was asked; `told` once its second has been given up. */
  let open: { at: number; told: boolean } | null = null
  return (tick) => {
    const { name } = measure
    if (open) {
      if (!open.told) onSample(name, { at: open.at, missing: 'no answer within its second' })
      // This second cannot be asked for: the last question is still open.
      onSample(name, { at: at(), missing: 'the source has not answered the last question yet' })
      open.told = true
      return
    }
    const question = { at: at(), told: false }
    open = question
    void read(measure, { ...context, tick }).then((reading) => {
      open = null
      if (!question.told && !context.signal.aborted) onSample(name, { at: question.at, ...reading })
    })
  }
}

/** A source that throws is missing, never a crash of the run. */
async function read({ source, config, query }: PolledMeasure, context: SourceContext): Promise<Reading> {
  if (!source.now) return { missing: `a source of type ${source.type} cannot be asked live` }
  try {
    return await source.now(config, query, context)
  } catch (error) {
    return { missing: (error as Error).message }
  }
}

async function checkAll(measures: readonly PolledMeasure[], context: SourceContext): Promise<void> {
  const tick = {}
  const found = await Promise.all(
    measures.map(async ({ name, source, config, query }) => {
      try {
        const checking = source.check(config, query, { ...context, tick })
        const { problems } = await within(checking, 10_000, () => new Error('the check did not end within 10 s'))
        return problems.map((problem) => `${name}: ${problem}`)
      } catch (error) {
        return [`${name}: ${(error as Error).message}`]
      }
    }),
  )
  const problems = found.flat()
  if (problems.length > 0) throw new SquallError('source-not-readable', problems.join('\n'))
}
