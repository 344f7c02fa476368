/** The project's defaults under a document: what the document says stands, key by key in `traffic` and `phases`. */
import { asMap } from './located.ts'

/** A new document; `traffic` is completed only where there is some. Anything that is no map is left for the checks to refuse. */
export function withDefaults(document: unknown, defaults: Readonly<Record<string, unknown>>): unknown {
  const map = asMap(document)
  if (!map) return document
  const { traffic, phases, ...plain } = defaults
  return {
    ...plain,
    ...map,
    ...(map.traffic !== undefined && { traffic: completed(map.traffic, traffic) }),
    ...(phases !== undefined && { phases: completed(map.phases ?? {}, phases) }),
  }
}

function completed(part: unknown, defaults: unknown): unknown {
  const map = asMap(part)
  return map ? { ...asMap(defaults), ...map } : part
}
