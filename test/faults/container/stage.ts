/** What the tests of faults at containers hand to an injector. */
import type { Context, Json, Target } from '../../../src/faults/injector.ts'

export function containerTarget(id: string, url: string, name = id.slice(0, 12)): Target {
  return { place: 'container', id, name: `container ${name}`, facts: { id, name, image: 'squall-test', labels: {}, engine: { url } } }
}

let marks = 0

/** @param lasts ms until its deadline */
export function contextOf(lasts = 60_000): Context<Json> & { saved: Json } {
  const context = {
    mark: `unit-${process.pid}-${++marks}/fault`,
    deadline: new Date(Date.now() + lasts),
    signal: new AbortController().signal,
    folder: '/',
    log: () => {},
    secret: () => Promise.reject(new Error('none')),
    random: () => 0,
    saved: null as Json,
    save(state: Json) {
      context.saved = state
      return Promise.resolve()
    },
  }
  return context
}
