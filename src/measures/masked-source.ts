/** A source whose every text is masked: it may quote an address, an answer or an error of a library with a secret in it. */
import type { Sample } from '../records/run-data.ts'
import { masked } from '../system/masking.ts'
import type { Reading, Source } from './source.ts'

/** The same source; what it says is missing, a problem, a note or an error holds no secret that was read. */
export function maskedSource<Config>(source: Source<Config>): Source<Config> {
  return {
    ...source,
    async check(config, query, context) {
      const found = await orMasked(source.check(config, query, context))
      const texts = { problems: found.problems.map(masked), ...(found.notes && { notes: found.notes.map(masked) }) }
      return { ...found, ...texts }
    },
    ...(source.now && { now: async (config, query, context) => quiet(await orMasked(source.now?.(config, query, context))) }),
    ...(source.range && {
      range: async (config, query, window, context) => (await orMasked(source.range?.(config, query, window, context))).map(quiet),
    }),
  }
}

function quiet<T extends Reading | Sample>(reading: T): T {
  return 'missing' in reading ? { ...reading, missing: masked(reading.missing) } : reading
}

/** What it gives, or its error with a masked message. */
async function orMasked<T>(given: Promise<T> | undefined): Promise<T> {
  try {
    return await (given as Promise<T>)
  } catch (error) {
    throw new Error(masked((error as Error).message), { cause: error })
  }
}
