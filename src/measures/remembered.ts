/** Follows a source whose back end remembers: what is new while the run goes on, and everything once more when it is complete. */
import type { Sample } from '../records/run-data.ts'
import { sleep, wallMs } from '../system/clock.ts'
import { type CheckedMeasure, inUnit } from './check-sources.ts'
import type { SourceContext } from './source.ts'

export interface Follower {
  readonly measure: CheckedMeasure
  /** Asks for what is new, unless the last question is still open. */
  ask(): void
  /**
   * All samples before `until` (ms since the run's start), read once they are complete.
   * @throws what the source throws at the last of three tries
   */
  complete(until: number): Promise<Sample[]>
}

const tries = 3
/** ms between two of them. */
const pause = 2_000

export function createFollower(
  measure: CheckedMeasure,
  context: SourceContext,
  at: () => number,
  onSample: (measure: string, sample: Sample) => void,
): Follower {
  const { source, config, query, factor, name, step, skew } = measure
  const lag = source.lag ?? 0
  /** The back end's clock when the run's was 0. Fixed: a step of our wall clock in the middle moves nothing. */
  const origin = wallMs() + skew - at()
  /** All before this has been told; ms since the run's start. */
  let told = at()
  let open = false

  async function read(from: number, to: number): Promise<Sample[]> {
    if (!source.range) throw new Error(`a source of type ${source.type} remembers nothing`)
    const samples = await source.range(config, query, { from: origin + from, to: origin + to }, { ...context, step })
    return samples
      .map((sample) => ({ ...inUnit(sample, factor), at: sample.at - origin }))
      .filter((sample) => sample.at >= from && sample.at < to)
      .sort((a, b) => a.at - b.at)
  }

  async function tell(): Promise<void> {
    const now = at()
    for (const sample of await read(told, now)) {
      if (context.signal.aborted) return
      if (sample.at < told) continue // `complete` has been here in the meantime.
      if ('missing' in sample && sample.at > now - lag) return // It may still come.
      told = sample.at + 1
      onSample(name, sample)
    }
  }

  return {
    measure,
    ask() {
      if (open) return
      open = true
      const asked = at()
      tell()
        .catch((error: Error) => {
          // Not the last word: what the back end remembers is read again.
          if (!context.signal.aborted) onSample(name, { at: asked, missing: error.message })
        })
        .finally(() => {
          open = false
        })
    },
    async complete(until) {
      await sleep(Math.max(0, until + lag - at()), context.signal)
      for (let left = tries - 1; ; left--) {
        try {
          const samples = await read(0, until)
          told = Math.max(told, until)
          return samples
        } catch (error) {
          if (left === 0 || context.signal.aborted) throw error
          await sleep(pause, context.signal)
        }
      }
    },
  }
}
