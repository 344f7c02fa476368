/** Quantities as people write them (`500ms`, `50/s`, `64MiB`, `5%`), read from the source text; no sums, no signs, no blanks. */
import { type Refusal, refuse } from './quantity-repair.ts'
import { decimal, own, plain, type QuantityUnit, quote, suffixes } from './units.ts'

export type { Refusal } from './quantity-repair.ts'
export { type QuantityUnit, quote } from './units.ts'

export interface Quantity {
  /** In the base unit of `experiment.ts`. */
  value: number
  unit: QuantityUnit
}

export type Reading<T> = { ok: true; value: T } | Refusal

const example: Readonly<Record<QuantityUnit, string>> = {
  ms: 'a duration such as 500ms, 30s or 2m',
  share: 'a share such as 5%',
  '/s': 'a rate such as 50/s or 10/m',
  bytes: 'a size such as 64MiB',
  'bit/s': 'a bandwidth such as 128kbit',
  count: 'a number such as 3',
  pp: 'percentage points such as 5pp',
}

/** `a duration such as 500ms, 30s or 2m`: for sentences about what is expected. */
export function exampleOf(unit: QuantityUnit): string {
  return example[unit]
}

/** Reads one quantity; the unit is whatever the text says. A number without a suffix is a count. */
export function parseQuantity(text: string): Reading<Quantity> {
  const digits = decimal.exec(text)?.[0]
  const suffix = digits === undefined ? undefined : text.slice(digits.length)
  const known = suffix === undefined ? undefined : suffix === '' ? { unit: 'count' as const, factor: 1 } : own(suffixes, suffix)
  if (digits === undefined || known === undefined) return refuse(text)
  const value = exact(digits, known.factor)
  return Number.isFinite(value)
    ? { ok: true, value: { value, unit: known.unit } }
    : { ok: false, message: `${quote(text)} is too large`, fix: 'write less' }
}

/** Reads a quantity that must have this unit; its value in the base unit. `source` is a number only in TypeScript and JSON. */
export function readQuantity(source: string | number, unit: QuantityUnit): Reading<number> {
  if (typeof source === 'number' && !Number.isFinite(source))
    return { ok: false, message: `${source} is no quantity`, fix: `write ${example[unit]}` }
  const text = typeof source === 'number' ? plain(source) : source
  const parsed = parseQuantity(text)
  if (!parsed.ok) return mended(parsed, unit)
  if (parsed.value.unit === unit) return { ok: true, value: parsed.value.value }
  return wrongUnit(text, parsed.value, unit)
}

/** The fix of a refusal, unless it would be refused for its unit: then an example. */
function mended(refusal: Refusal, unit: QuantityUnit): Refusal {
  const meant = /^write (\S+)$/.exec(refusal.fix ?? '')?.[1]
  return meant !== undefined && reads(meant, unit) !== undefined ? refusal : { ...refusal, fix: `write ${example[unit]}` }
}

/** The refusal of a well-formed quantity whose unit does not fit here. */
export function wrongUnit(text: string, found: Quantity, wanted: QuantityUnit): Refusal {
  const expected = `expected ${example[wanted]}`
  if (found.unit === 'count')
    return { ok: false, message: `${text} has no unit, ${expected}`, fix: bareNumberFix(text, found.value, wanted) }
  if (found.unit === 'pp' && wanted === 'share') {
    return {
      ok: false,
      message: `${text} is a difference of shares, ${expected}`,
      fix: `write ${text.replace('pp', '%')}, or +${text} for “baseline plus”`,
    }
  }
  if (found.unit === 'bytes' && wanted === 'bit/s') {
    return {
      ok: false,
      message: `${text} is a size, ${expected}`,
      fix: `write ${formatQuantity(found.value * 8, 'bit/s')} for ${text} per second`,
    }
  }
  const fix = `write ${wanted === 'count' ? (decimal.exec(text)?.[0] ?? 'a bare number') : example[wanted]}`
  return { ok: false, message: `${text} has the wrong unit, ${expected}`, fix }
}

function bareNumberFix(text: string, value: number, wanted: QuantityUnit): string {
  if (wanted === 'share') return value > 0 && value < 1 ? `write ${round(value * 100)}% or ${text}%` : `write ${text}%`
  const unit = { ms: ['ms', 's'], '/s': ['/s', '/m'], bytes: ['MiB', 'kB'], 'bit/s': ['kbit', 'mbit'], pp: ['pp'], count: [''] }[wanted]
  return `write ${unit.map((suffix) => text + suffix).join(' or ')}`
}

/** The shortest text that reads back as the same value: `90000` ms → `90s`. */
export function formatQuantity(value: number, unit: QuantityUnit): string {
  if (unit === 'count') return plain(value)
  const candidates = Object.entries(suffixes).filter(([, suffix]) => suffix.unit === unit)
  const texts = candidates
    .map(([suffix, { factor }]) => plain(divide(value, factor)) + suffix)
    .filter((text) => reads(text, unit) === value)
  const fallback = plain(divide(value, candidates[0]?.[1].factor ?? 1)) + (candidates[0]?.[0] ?? '')
  return texts.toSorted((a, b) => a.length - b.length)[0] ?? fallback
}

function reads(text: string, unit: QuantityUnit): number | undefined {
  const parsed = parseQuantity(text)
  return parsed.ok && parsed.value.unit === unit ? parsed.value.value : undefined
}

/** Shares and rates per minute divide, so that 5% is exactly 0.05 and not 5 × 0.01. */
function exact(digits: string, factor: number): number {
  const number = Number(digits)
  return factor < 1 ? number / Math.round(1 / factor) : number * factor
}

function divide(value: number, factor: number): number {
  return factor < 1 ? round(value * Math.round(1 / factor)) : value / factor
}

function round(value: number): number {
  return Number(value.toPrecision(12))
}
