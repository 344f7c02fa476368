/** What a measure asks of Prometheus: `p99(…)` and `share(…, …)` are Squall's own forms, the rest is a selector or any PromQL. */
import { parseSelector, type Selector, selectorsIn } from './selector.ts'

export type Wanted =
  /** A quantile of a histogram: `of` is a selector of its buckets, or PromQL that gives rates by `le`. */
  | { is: 'quantile'; of: Part }
  /** Bad events of all events, both counters. */
  | { is: 'share'; bad: Selector; total: Selector }
  /** One series as it is. */
  | { is: 'series'; selector: Selector }
  | { is: 'expression'; expression: Expression }

export type Part = { selector: Selector } | { expression: Expression }

export interface Expression {
  text: string
  selectors: (Selector & { instant: boolean })[]
  /** ms, the longest `[…]` in it: how far back it looks. */
  reach: number
  /** ms, of each `[…]`. */
  ranges: number[]
}

/** A sentence when the query is in none of the forms. Whether PromQL is right, only Prometheus can say. */
export function readQuery(query: string): Wanted | { problem: string } {
  const text = query.trim()
  const form = /^(p\d\d?(?:\.\d+)?|share)\((.*)\)$/s.exec(text)
  if (form?.[1] === 'share') return readShare(form[2] ?? '')
  if (form) return { is: 'quantile', of: partOf(form[2] ?? '') }
  const part = partOf(text)
  return 'selector' in part ? { is: 'series', selector: part.selector } : { is: 'expression', expression: part.expression }
}

function readShare(inside: string): Wanted | { problem: string } {
  const parts = splitAtCommas(inside).map((part) => parseSelector(part.trim()))
  const [bad, total] = parts
  if (parts.length !== 2 || !bad || !total)
    return { problem: 'share(…) takes two counters: share(http_errors_total{job="shop"}, http_requests_total{job="shop"})' }
  return { is: 'share', bad, total }
}

function partOf(text: string): Part {
  const selector = parseSelector(text.trim())
  if (selector) return { selector }
  const ranges = [...withoutStrings(text).matchAll(/\[\s*([0-9a-z]+)\s*(?::[^\]]*)?\]/g)].map(([, range]) => durationMs(range ?? ''))
  return { expression: { text: text.trim(), selectors: selectorsIn(text), ranges, reach: Math.max(0, ...ranges) } }
}

function splitAtCommas(text: string): string[] {
  const plain = withoutStrings(text)
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (let i = 0; i < plain.length; i++) {
    if ('({['.includes(plain[i] as string)) depth++
    else if (')}]'.includes(plain[i] as string)) depth--
    else if (plain[i] === ',' && depth === 0) {
      parts.push(text.slice(from, i))
      from = i + 1
    }
  }
  return [...parts, text.slice(from)]
}

/** The same length, with blanks where strings were. */
function withoutStrings(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, (string) => ' '.repeat(string.length))
}

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 }

/** `1m30s` → 90000. */
function durationMs(text: string): number {
  let sum = 0
  for (const [, number, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) sum += Number(number) * (unitMs[unit ?? ''] ?? 0)
  return sum
}
