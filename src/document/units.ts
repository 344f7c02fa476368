/** The units of quantities and how they are written. */
import type { Unit } from './experiment.ts'

/** `pp` is percentage points: a difference of shares, in the base unit of shares (5pp = 0.05). */
export type QuantityUnit = Unit | 'pp'

interface Suffix {
  unit: QuantityUnit
  factor: number
}

const KiB = 1024

/** Every suffix of the grammar. No suffix at all is a count. */
export const suffixes: Readonly<Record<string, Suffix>> = {
  ms: { unit: 'ms', factor: 1 },
  s: { unit: 'ms', factor: 1000 },
  m: { unit: 'ms', factor: 60_000 },
  h: { unit: 'ms', factor: 3_600_000 },
  '/s': { unit: '/s', factor: 1 },
  '/m': { unit: '/s', factor: 1 / 60 },
  '/h': { unit: '/s', factor: 1 / 3600 },
  B: { unit: 'bytes', factor: 1 },
  kB: { unit: 'bytes', factor: 1000 },
  MB: { unit: 'bytes', factor: 1e6 },
  GB: { unit: 'bytes', factor: 1e9 },
  KiB: { unit: 'bytes', factor: KiB },
  MiB: { unit: 'bytes', factor: KiB ** 2 },
  GiB: { unit: 'bytes', factor: KiB ** 3 },
  bit: { unit: 'bit/s', factor: 1 },
  kbit: { unit: 'bit/s', factor: 1000 },
  mbit: { unit: 'bit/s', factor: 1e6 },
  gbit: { unit: 'bit/s', factor: 1e9 },
  '%': { unit: 'share', factor: 0.01 },
  pp: { unit: 'pp', factor: 0.01 },
}

/** The suffixes of a unit as they are written, the smallest first. */
export function suffixesOf(unit: QuantityUnit): string[] {
  return Object.keys(suffixes).filter((suffix) => suffixes[suffix]?.unit === unit)
}

/** The digits at the beginning of a quantity. */
export const decimal = /^(?:0|[1-9]\d*)(?:\.\d+)?/

/** True for what the grammar takes. */
export function valid(text: string): boolean {
  const digits = decimal.exec(text)?.[0]
  return digits !== undefined && (text === digits || own(suffixes, text.slice(digits.length)) !== undefined)
}

/** An entry of a table, never one that every object inherits. */
export function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}

/** A number in digits, never in exponent notation, which the grammar does not have. */
export function plain(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : text
}

/** The text in typographic quotes, shortened. */
export function quote(text: string): string {
  return `“${text.length > 60 ? `${text.slice(0, 57)}…` : text}”`
}
