/** The grammar of bounds: `300ms`, `1.5x`, `+5pp`, `none`, then `after 30s`, or in `abort` `for 45s`. */
import type { AbortBound, Bound, Limit, Unit } from './experiment.ts'
import { exampleOf, parseQuantity, quote, type Reading, type Refusal, readQuantity, wrongUnit } from './quantity.ts'

/** What a cell belongs to; `unit` undefined when nothing has told it yet. */
export interface BoundContext {
  direction: 'max' | 'min'
  cell: 'baseline' | 'fault' | 'recovery' | 'abort'
  unit: Unit | undefined
}

/** A cell of a phase. `source` is the text as written. */
export function parseBound(source: string, context: BoundContext): Reading<Bound> {
  const parts = split(source)
  if (!parts.ok) return parts
  const { limit, word, time } = parts.value
  if (word === 'for') return { ok: false, message: '“for” belongs to abort', fix: `write “${limit} after ${time}”, or put it into abort` }
  const parsed = parseLimit(limit, context)
  if (!parsed.ok) return parsed
  if (time === undefined) return { ok: true, value: { limit: parsed.value, text: source.trim() } }
  const after = readQuantity(time, 'ms')
  return after.ok ? { ok: true, value: { limit: parsed.value, after: after.value, text: source.trim() } } : after
}

/** A cell of the `abort` column. */
export function parseAbort(source: string, context: Omit<BoundContext, 'cell'>): Reading<AbortBound> {
  const parts = split(source)
  if (!parts.ok) return parts
  const { limit, word, time } = parts.value
  if (word === 'after') return { ok: false, message: 'an abort takes “for”, not “after”', fix: `write “${limit} for ${time}”` }
  const parsed = parseLimit(limit, { ...context, cell: 'abort' })
  if (!parsed.ok) return parsed
  if (time === undefined) return { ok: true, value: { limit: parsed.value, text: source.trim() } }
  const lasting = readQuantity(time, 'ms')
  return lasting.ok ? { ok: true, value: { limit: parsed.value, for: lasting.value, text: source.trim() } } : lasting
}

/** The unit that a cell's text speaks of: how a measure without a `unit` gets one. Undefined for `2x` and `none`. */
export function unitIn(source: string): Unit | undefined {
  const parsed = parseQuantity(/^[+-]?(\S+)/.exec(source.trim())?.[1] ?? '')
  if (!parsed.ok) return undefined
  return parsed.value.unit === 'pp' ? 'share' : parsed.value.unit
}

interface Parts {
  limit: string
  word?: 'after' | 'for'
  time?: string
}

function split(source: string): Reading<Parts> {
  const text = source.trim()
  const compared = /^(?:[<>]=?|=)\s*(.*)$/.exec(text)
  if (compared) return { ok: false, message: `${quote(text)}: max and min already say the direction`, fix: `write ${compared[1]}` }
  const match = /^(\S+)(?:\s+(after|for)\s+(\S+))?$/.exec(text)
  if (match?.[1] !== undefined) {
    return {
      ok: true,
      value: {
        limit: match[1],
        ...(match[2] !== undefined && match[3] !== undefined && { word: match[2] as 'after' | 'for', time: match[3] }),
      },
    }
  }
  const stuck = /^(.*[^\s])(after|for)\s+(\S+)$/.exec(text)
  if (stuck) return { ok: false, message: `${quote(text)} lacks a blank`, fix: `write “${stuck[1]} ${stuck[2]} ${stuck[3]}”` }
  const dangling = /^(\S+)\s+(after|for)$/.exec(text)
  if (dangling) return { ok: false, message: `${quote(text)}: how long?`, fix: `write “${text} 30s”` }
  const joined = text.replace(/\s+/g, '')
  if (/^[+-]?\s*[\d.]+\s*\S+$/.test(text)) return { ok: false, message: `${quote(text)} has a blank inside`, fix: `write ${joined}` }
  return {
    ok: false,
    message: `${quote(text)} is not a bound`,
    fix: 'write e.g. 300ms, 1.5x, +5pp or none, then “after 30s”, or in abort “for 45s”',
  }
}

function parseLimit(text: string, context: BoundContext): Reading<Limit> {
  if (text === 'none') return { ok: true, value: { kind: 'none' } }
  if (/[x×X]$/.test(text)) return parseTimes(text, context)
  if (/^[+-]/.test(text)) return parsePlus(text, context)
  const unit = context.unit
  if (unit === undefined) {
    const any = parseQuantity(text)
    return any.ok ? { ok: true, value: { kind: 'absolute', value: any.value.value } } : helped(any)
  }
  const share = unit === 'share' ? undefined : readQuantity(text, 'share')
  if (share?.ok === true)
    return { ok: false, message: `${text} is a share`, fix: `write ${timesOf(share.value, context)}x (times baseline)` }
  const value = readQuantity(text, unit)
  if (!value.ok) return helped(value)
  if (unit === 'share' && value.value > 1) return { ok: false, message: `${text} is more than 100%`, fix: 'write 100% or less' }
  return { ok: true, value: { kind: 'absolute', value: value.value } }
}

function parseTimes(text: string, context: BoundContext): Reading<Limit> {
  if (context.cell === 'baseline') return relativeBaseline(text, context)
  const factor = readQuantity(text.slice(0, -1), 'count')
  if (!factor.ok) return { ok: false, message: `${quote(text)} is not a multiple of baseline`, fix: 'write e.g. 1.5x' }
  if (!text.endsWith('x')) return { ok: false, message: `${quote(text)} is not a multiple of baseline`, fix: `write ${text.slice(0, -1)}x` }
  if (factor.value === 0) return { ok: false, message: '0x of baseline allows nothing', fix: 'write a multiple such as 1.5x' }
  return { ok: true, value: { kind: 'times', factor: factor.value, floor: 0 } }
}

function parsePlus(text: string, context: BoundContext): Reading<Limit> {
  if (context.cell === 'baseline') return relativeBaseline(text, context)
  const [sign, rest] = [text.slice(0, 1), text.slice(1)]
  const parsed = parseQuantity(rest)
  if (!parsed.ok) return helped(parsed)
  const wanted = context.direction === 'max' ? '+' : '-'
  const { value, unit } = parsed.value
  const share = context.unit === 'share' || (context.unit === undefined && (unit === 'share' || unit === 'pp'))
  if (share && unit === 'share') {
    const factor = Number((1 + (sign === '+' ? value : -value)).toPrecision(6))
    return { ok: false, message: `${text} can mean two things`, fix: `write ${sign}${rest.replace('%', 'pp')} (points) or ${factor}x` }
  }
  if (!share && unit === 'share') {
    return {
      ok: false,
      message: `${text} is a share`,
      fix: `write ${Number((1 + (sign === '+' ? value : -value)).toPrecision(6))}x (times baseline)`,
    }
  }
  if (sign !== wanted) return { ok: false, message: `${context.direction} takes ${wanted}, not ${sign}`, fix: `write ${wanted}${rest}` }
  if (share ? unit !== 'pp' : context.unit !== undefined && unit !== context.unit)
    return helped(wrongUnit(rest, parsed.value, share ? 'pp' : (context.unit ?? 'count')))
  return { ok: true, value: { kind: 'plus', value: sign === '+' ? value : -value } }
}

/** `5%` more or `90%` at least, of something that is no share. */
function timesOf(share: number, { direction }: BoundContext): number {
  return Number((direction === 'max' && share < 1 ? 1 + share : share).toPrecision(6))
}

function relativeBaseline(text: string, { unit }: BoundContext): Refusal {
  return { ok: false, message: `${text} measures the baseline against itself`, fix: `write ${exampleOf(unit ?? 'count')}` }
}

function helped(refusal: Refusal): Refusal {
  return refusal.fix === undefined
    ? { ...refusal, fix: 'a bound is e.g. 300ms, 1.5x (times baseline), +5pp (baseline plus) or none' }
    : refusal
}
