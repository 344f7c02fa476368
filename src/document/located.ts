/** A document as plain data that remembers where each value stood and how it was written. */
export type Path = readonly (string | number)[]

export interface Position {
  /** From 1. */
  line: number
  column: number
  /** Characters to underline, at least 1. */
  length: number
}

export interface Located {
  readonly file: string
  readonly lines: readonly string[]
  value: unknown
  /** Where a value or its key stands; the nearest thing above it when it is not there. */
  position(path: Path, at: 'key' | 'value'): Position
  /** The text of a scalar as written, without quotes; undefined where there is none. */
  source(path: Path): string | undefined
  /** True for a scalar written without quotes. */
  plain(path: Path): boolean
}

/** One text for one path, to be the key of a map. */
export function pathKey(path: Path): string {
  return path.map((key) => (typeof key === 'number' ? `#${key}` : `.${key}`)).join('\0')
}

/** Data without positions: what a TypeScript document evaluates to. */
export function unlocated(file: string, text: string, value: unknown): Located {
  return {
    file,
    lines: text.split('\n'),
    value,
    position: () => ({ line: 1, column: 1, length: 1 }),
    source: (path) => sourceOf(value, path),
    plain: () => false,
  }
}

function sourceOf(value: unknown, path: Path): string | undefined {
  const found = valueAt(value, path)
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined
}

/** The value at a path; undefined when there is none. Own properties only. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string | number, unknown>)[key]
  }
  return at
}

/** A map (not a list, not null), or undefined. */
export function asMap(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
}
