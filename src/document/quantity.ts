/** Quantities as people write them (`500ms`, `50/s`, `64MiB`, `5%`), read from the source text; no sums, no signs, no blanks. */
import type { Unit } from './experiment.ts'

/** `pp` is percentage points: a difference of shares, in the base unit of shares (5pp = 0.05). */
export type QuantityUnit = Unit | 'pp'

export interface Quantity {
  /** In the base unit of `experiment.ts`. */
  value: number
  unit: QuantityUnit
}

export interface Refusal {
  ok: false
  /** Starts lower case: it follows a key's name. */
  message: string
  /** What to write instead, if it can be told. */
  fix?: string
}

export type Reading<T> = { ok: true; value: T } | Refusal

interface Suffix {
  unit: QuantityUnit
  factor: number
}

const KiB = 1024

/** Every suffix of the grammar. No suffix at all is a count. */
const suffixes: Readonly<Record<string, Suffix>> = {
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

/** What people write instead, and what they mean. */
const misspelt: Readonly<Record<string, string>> = {
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  S: 's',
  msec: 'ms',
  millis: 'ms',
  MS: 'ms',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hr: 'h',
  hour: 'h',
  hours: 'h',
  H: 'h',
  rps: '/s',
  qps: '/s',
  '/sec': '/s',
  '/second': '/s',
  '/min': '/m',
  '/minute': '/m',
  '/hour': '/h',
  K: 'kB',
  k: 'kB',
  KB: 'kB',
  M: 'MB',
  G: 'GB',
  kb: 'kB',
  mb: 'MB',
  gb: 'GB',
  Ki: 'KiB',
  Mi: 'MiB',
  Gi: 'GiB',
  kib: 'KiB',
  mib: 'MiB',
  gib: 'GiB',
  kbps: 'kbit',
  mbps: 'mbit',
  gbps: 'gbit',
  Kbit: 'kbit',
  Mbit: 'mbit',
  Gbit: 'gbit',
  kbits: 'kbit',
  mbits: 'mbit',
  percent: '%',
  PP: 'pp',
}

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

const decimal = /^(?:0|[1-9]\d*)(?:\.\d+)?/

/** Reads one quantity; the unit is whatever the text says. A number without a suffix is a count. */
export function parseQuantity(text: string): Reading<Quantity> {
  const digits = decimal.exec(text)?.[0]
  const suffix = digits === undefined ? undefined : text.slice(digits.length)
  const known = suffix === undefined ? undefined : suffix === '' ? { unit: 'count' as const, factor: 1 } : own(suffixes, suffix)
  if (digits === undefined || known === undefined) return refuse(text)
  const value = exact(digits, known.factor)
  return Number.isFinite(value) ? { ok: true, value: { value, unit: known.unit } } : { ok: false, message: `${quote(text)} is too large` }
}

/** Reads a quantity that must have this unit; its value in the base unit. `source` is a number only in TypeScript and JSON. */
export function readQuantity(source: string | number, unit: QuantityUnit): Reading<number> {
  if (typeof source === 'number' && !Number.isFinite(source)) return { ok: false, message: `${source} is no quantity` }
  const text = typeof source === 'number' ? plain(source) : source
  const parsed = parseQuantity(text)
  if (!parsed.ok) return parsed
  if (parsed.value.unit === unit) return { ok: true, value: parsed.value.value }
  return wrongUnit(text, parsed.value, unit)
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
  return { ok: false, message: `${text} has the wrong unit, ${expected}`, ...(wanted === 'count' && { fix: 'write a bare number' }) }
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

/** Never in exponent notation, which the grammar does not have. */
function plain(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : text
}

function refuse(text: string): Refusal {
  const message = `${quote(text)} is not a quantity`
  const fixed = repaired(text)
  // A repair mends one mistake; where there is a second one, its text would be refused again.
  if (fixed?.unit !== undefined && !valid(fixed.unit))
    return { ok: false, message: fixed.why ?? message, fix: 'write a quantity such as 30s' }
  if (fixed?.unit !== undefined) return { ok: false, message: fixed.why ?? message, fix: `write ${fixed.unit}` }
  return fixed?.why === undefined
    ? { ok: false, message, ...(fixed && { fix: fixed.say }) }
    : { ok: false, message: fixed.why, ...(fixed.say && { fix: fixed.say }) }
}

interface Repair {
  unit?: string
  why?: string
  say?: string
}

/** Recognises what people write by mistake; the fix is always something the grammar takes. */
function repaired(text: string): Repair | undefined {
  const shown = quote(text)
  if (text.trim() === '') return { why: 'there is nothing here', say: 'write a quantity such as 30s' }
  if (/\s/.test(text) && valid(text.replace(/\s+/g, ''))) return { why: `${shown} has a blank inside`, unit: text.replace(/\s+/g, '') }
  if (/^\d+,\d+\D*$/.test(text)) return { why: `${shown} has a decimal comma`, unit: text.replace(',', '.') }
  if (/^[\d_,']+\D*$/.test(text) && valid(text.replace(/[_,']/g, '')))
    return { why: `${shown} has separators between its digits`, unit: text.replace(/[_,']/g, '') }
  const sum = addUp(text)
  if (sum !== undefined) return { why: `${shown} is a sum`, unit: sum }
  if (text.startsWith('-')) return { why: `${shown} is negative`, ...(valid(text.slice(1)) && { unit: text.slice(1) }) }
  if (text.startsWith('+')) return { why: `${shown} has a sign`, ...(valid(text.slice(1)) && { unit: text.slice(1) }) }
  if (/^0\d/.test(text) && valid(text.replace(/^0+(?=\d)/, '')))
    return { why: `${shown} has leading zeros`, unit: text.replace(/^0+(?=\d)/, '') }
  if (/^\.\d/.test(text) && valid(`0${text}`)) return { why: `${shown} has no digit before the point`, unit: `0${text}` }
  const exponent = /^(\d+(?:\.\d+)?e[+-]?\d{1,2})(.*)$/i.exec(text)
  if (exponent?.[1] !== undefined) {
    const digits = plain(Number(exponent[1]))
    if (valid(digits + (exponent[2] ?? ''))) return { why: `${shown} has an exponent`, unit: digits + (exponent[2] ?? '') }
  }
  const days = /^(\d+)d$/.exec(text)?.[1]
  if (days !== undefined) return { why: `${shown}: there are no days`, unit: `${Number(days) * 24}h` }
  const micro = /^(\d+(?:\.\d+)?)(us|µs|μs)$/.exec(text)?.[1]
  if (micro !== undefined) return { why: `${shown}: milliseconds are the smallest unit`, unit: `${plain(Number(micro) / 1000)}ms` }
  const digits = decimal.exec(text)?.[0]
  const meant = digits === undefined ? undefined : own(misspelt, text.slice(digits.length))
  if (digits !== undefined && meant !== undefined) return { why: `${shown} has a unit that is not known`, unit: digits + meant }
  if (digits !== undefined && digits.length < text.length)
    return {
      why: `${shown} has a unit that is not known`,
      say: 'units are ms s m h · /s /m · B kB MB GB KiB MiB GiB · bit kbit mbit gbit · % pp',
    }
  return undefined
}

/** `1m30s` → `90s`; undefined when it is not a sum of durations. */
function addUp(text: string): string | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h)\s*){2,}$/.test(text)) return undefined
  const parts = text.match(/\d+(?:\.\d+)?(?:ms|s|m|h)/g) ?? []
  const total = parts.reduce((sum, part) => sum + (reads(part, 'ms') ?? Number.NaN), 0)
  if (!Number.isFinite(total)) return undefined
  return total % 1000 === 0 ? `${total / 1000}s` : `${total}ms`
}

function valid(text: string): boolean {
  const digits = decimal.exec(text)?.[0]
  return digits !== undefined && (text === digits || own(suffixes, text.slice(digits.length)) !== undefined)
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}

/** The text in typographic quotes, shortened. */
export function quote(text: string): string {
  return `“${text.length > 60 ? `${text.slice(0, 57)}…` : text}”`
}
