/** All sources of a run: checked before it, asked while it goes on, read again where the back end remembers. */
import type { Sample } from '../records/run-data.ts'
import { everyRound } from '../system/clock.ts'
import { masked } from '../system/masking.ts'
import { openSecrets } from '../system/secrets.ts'
import { type CheckedMeasure, checkSources, type PolledMeasure } from './check-sources.ts'
import { createAsker } from './live.ts'
import { maskedSource } from './masked-source.ts'
import { createFollower, type Follower } from './remembered.ts'
import type { SourceContext } from './source.ts'

const every = 1000
/** ms of silence that people would wonder about. */
const worthAWord = 3_000

export interface PollOptions {
  measures: readonly PolledMeasure[]
  /** ms since the run's start. */
  at(): number
  onSample(measure: string, sample: Sample): void
  /** All samples of a measure before `until`, complete: they take the place of what was told of that time. */
  onComplete?(measure: string, until: number, samples: Sample[]): void
  /** Of the document. */
  folder: string
  /** See `SourceContext`. */
  acknowledged?(): readonly string[]
  /** Default: environment variables. */
  secret?(name: string): Promise<string>
  log?(line: string): void
}

export interface SourcePoll {
  /** Of the measures whose back end remembers, ms: from one reading to the next, and until one may be called complete. */
  readonly rhythms: Readonly<Record<string, { step: number; lag: number }>>
  /** Reads everything before `until` (ms since the run's start) again, as soon as it can be complete. */
  complete(until: number): Promise<void>
  /** No sample comes after it resolves; what is under way is given up. */
  stop(): Promise<void>
}

/**
 * Gives one sample a second for each measure that is asked live; for others what the back end got in the meantime, at its own pace.
 * @throws SquallError `source-not-readable`, with all problems of all measures, before any sample.
 */
export async function pollSources(options: PollOptions): Promise<SourcePoll> {
  const { at, onSample } = options
  const stopping = new AbortController()
  const log = (line: string): void => options.log?.(masked(line))
  const wanted = options.measures.map((measure) => ({ ...measure, source: maskedSource(measure.source) }))
  const { folder, acknowledged } = options
  const shared = {
    ...{ signal: stopping.signal, secret: options.secret ?? openSecrets().read, log, folder },
    ...(acknowledged && { acknowledged }),
  }
  const measures = await checkSources(wanted, shared).catch((error) => {
    stopping.abort() // What a source has opened for its check is closed by it.
    throw error
  })

  const contextOf = ({ name }: CheckedMeasure): SourceContext => ({ ...shared, measure: name })
  const askers = measures.filter(({ remembered }) => !remembered).map((measure) => createAsker(measure, contextOf(measure), at, onSample))
  const followers = measures
    .filter(({ remembered }) => remembered)
    .map((measure) => createFollower(measure, contextOf(measure), at, onSample))
  let rounds = 0
  const round = (): void => {
    const tick = {}
    for (const ask of askers) ask(tick)
    for (const follower of followers) if (rounds % everyNth(follower) === 0) follower.ask()
    rounds++
  }
  round()
  // After a stop of this process the seconds in between have no samples: there was nobody to ask.
  const endRounds = everyRound(every, round)
  return {
    rhythms: Object.fromEntries(followers.map(({ measure: { name, step, source } }) => [name, { step, lag: source.lag ?? 0 }])),
    async complete(until) {
      const wait = Math.max(0, ...followers.map(({ measure }) => until + (measure.source.lag ?? 0) - at()))
      if (wait > worthAWord) log(`waiting ${Math.ceil(wait / 1000)} s until the sources have everything of this time`)
      await Promise.all(
        followers.map(async (follower) => {
          const { name } = follower.measure
          try {
            const samples = await follower.complete(until)
            if (!stopping.signal.aborted) options.onComplete?.(name, until, samples)
          } catch (error) {
            if (!stopping.signal.aborted) log(`${name} could not be read again, what was read live is kept: ${(error as Error).message}`)
          }
        }),
      )
    },
    async stop() {
      endRounds()
      stopping.abort()
    },
  }
}

/** A back end has something new once a step. */
function everyNth({ measure }: Follower): number {
  return Math.max(1, Math.round(measure.step / every))
}
