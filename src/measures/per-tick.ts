/** What one source fetched in a second serves all its measures of that second. */
import type { SourceContext } from './source.ts'

/** Fetches at most once per tick and configuration object; without a tick each time. */
export function oncePerTick<Config extends object, T>(
  fetch: (config: Config, context: SourceContext) => Promise<T>,
): (config: Config, context: SourceContext) => Promise<T> {
  const ticks = new WeakMap<object, Map<Config, Promise<T>>>()
  return (config, context) => {
    if (context.tick === undefined) return fetch(config, context)
    const ofTick = ticks.get(context.tick) ?? new Map<Config, Promise<T>>()
    ticks.set(context.tick, ofTick)
    const answer = ofTick.get(config) ?? fetch(config, context)
    ofTick.set(config, answer)
    return answer
  }
}
