import type { Context, Json } from '../../../src/faults/injector.ts'

let counter = 0

/** A context of its own fault, which keeps what was said and saved. */
export function contextOf(deadline = 60_000): Context<Json> & { lines: string[]; saved: Json } {
  const context = {
    mark: `test-${process.pid}/database-${++counter}`,
    deadline: new Date(Date.now() + deadline),
    signal: new AbortController().signal,
    folder: '/',
    lines: [] as string[],
    saved: null as Json,
    log: (line: string) => void context.lines.push(line),
    secret: () => Promise.resolve(''),
    random: () => 0.5,
    save(state: Json) {
      context.saved = state
      return Promise.resolve()
    },
  }
  return context
}
