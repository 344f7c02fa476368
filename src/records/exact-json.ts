/** JSON that keeps what plain JSON turns into null or 0: infinities (the last bucket's bound), NaN and minus zero. */

const names = new Map<number, string>([
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
  [Number.NaN, 'NaN'],
])

export function toExactJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'number') return part
    const name = Object.is(part, -0) ? '-0' : names.get(part)
    return name === undefined ? part : { $number: name }
  })
}

/** The inverse of `toExactJson`. Throws SyntaxError for what is no JSON. */
export function fromExactJson(text: string): unknown {
  return JSON.parse(text, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    const keys = Object.keys(part)
    return keys.length === 1 && keys[0] === '$number' ? Number((part as { $number: string }).$number) : part
  })
}
