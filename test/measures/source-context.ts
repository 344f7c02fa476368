/** The context in which a source is asked, for tests that ask one by themselves. */
import type { SourceContext } from '../../src/measures/source.ts'

/** A fresh one of a second of its own: whatever was fetched before is fetched again. */
export function sourceContext(change: Partial<SourceContext> = {}): SourceContext {
  return {
    signal: new AbortController().signal,
    secret: async (name) => `secret ${name}`,
    log: () => {},
    folder: import.meta.dirname,
    measure: 'measure',
    ...change,
  }
}
