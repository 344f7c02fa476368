/** Writes JSON as the server that we stand in for does: whole numbers of 64 bits, short 32-bit floats, and no letter that is special in HTML. */
import type { Value } from './json-decode.ts'

/** A Map where names are not ours: an object would put those that look like numbers first. */
export type Writable = Value | null | Writable[] | { [name: string]: Writable } | ReadonlyMap<string, Writable>

export function writeJson(value: Writable): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return writeString(value)
  if (typeof value === 'number') return writeNumber(value)
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`
  const entries = value instanceof Map ? [...(value as ReadonlyMap<string, Writable>)] : Object.entries(value)
  return `{${entries.map(([name, one]) => `${writeString(name)}:${writeJson(one)}`).join(',')}}`
}

const special: Record<string, string> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

function writeString(text: string): string {
  return JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (letter) => special[letter] ?? letter)
}

/** The shortest text that is this number among those of 32 bits. */
function writeNumber(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(value)
}
