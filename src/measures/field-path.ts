/** Names one field of a JSON document: `latency.p99`, `$.nodes[0].load`, `["odd.name"].x`. The plain part of JSONPath (RFC 9535), no wildcards. */

export type FieldPath = (string | number)[]

const step = /^(?:\.?([^.[\]"']+)|\[(\d+)\]|\[\s*(?:"([^"]*)"|'([^']*)')\s*\])/

/** Null when it is no path. */
export function parseFieldPath(text: string): FieldPath | null {
  let rest = text.startsWith('$') ? text.slice(1) : text
  if (text === '' || (text.startsWith('.') && text !== '.')) return null
  const path: FieldPath = []
  while (rest !== '') {
    const match = step.exec(rest)
    if (!match) return null
    const [whole, name, index, double, single] = match
    path.push(index === undefined ? ((name ?? double ?? single) as string) : Number(index))
    rest = rest.slice(whole.length)
  }
  return path.length === 0 ? null : path
}

/** What stands there, or how far the way goes: `found` is undefined and `lost` says at which step. Inherited fields do not count. */
export function followPath(value: unknown, path: FieldPath): { found: unknown } | { lost: string } {
  let at = value
  for (const [depth, key] of path.entries()) {
    const has = typeof at === 'object' && at !== null && (Array.isArray(at) ? typeof key === 'number' : true) && Object.hasOwn(at, key)
    if (!has) return { lost: `there is no ${shown(path.slice(0, depth + 1))} in the answer` }
    at = (at as Record<string | number, unknown>)[key]
  }
  return { found: at }
}

function shown(path: FieldPath): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('')
}
