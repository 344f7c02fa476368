/** Asks a source that only knows the present: once a second, never while the last question is open. */
import type { Sample } from '../records/run-data.ts'
import { type CheckedMeasure, inUnit } from './check-sources.ts'
import type { Reading, SourceContext } from './source.ts'

/**
 * Gives a function that asks once. Each call leads to one sample, stamped with when it was asked for. A question that is not answered
 * before the next call is missing for its own second, at once, and its late answer is thrown away.
 */
export function createAsker(
  measure: CheckedMeasure,
  context: SourceContext,
  at: () => number,
  onSample: (measure: string, sample: Sample) => void,
): (tick: object) => void {
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
async function read({ source, config, query, factor }: CheckedMeasure, context: SourceContext): Promise<Reading> {
  if (!source.now) return { missing: `a source of type ${source.type} cannot be asked live` }
  try {
    return inUnit(await source.now(config, query, context), factor)
  } catch (error) {
    return { missing: (error as Error).message }
  }
}
