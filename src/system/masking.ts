/**
 * Values of secrets that this process knows leave it in no text: each place where text leaves asks here first. The list belongs to
 * the process, since it is the process that a value must not leave.
 */
import { type Trace, traceOf, tracesIn, withoutTraces } from './secret-traces.ts'

/** The shortest value that can be masked: anything shorter is part of ordinary words and numbers. */
export const shortestSecret = 4

const hidden = new Map<string, Trace>()

/** From now on this value is masked in every text of this process. */
export function hideValue(value: string): void {
  if (value.length >= shortestSecret && !hidden.has(value)) hidden.set(value, traceOf(value, shortestSecret))
}

/** The text without any value that is to be hidden. */
export function masked(text: string): string {
  return hidden.size === 0 ? text : withoutTraces(text, [...hidden.values()])
}

export function holdsSecret(text: string): boolean {
  return hidden.size > 0 && tracesIn(text, [...hidden.values()]).length > 0
}

/** Keys of words of ours and of the document: a short secret that equals such a word must not change what a message means. */
const ownWords: ReadonlySet<string> = new Set('is say put key state fault type code run by level measure phase outcome'.split(' '))

/** Plain data with all its texts masked. Keys, numbers and our own words stay. */
export function maskedData<T>(data: T): T {
  return hidden.size === 0 ? data : (maskedValue(data) as T)
}

function maskedValue(data: unknown): unknown {
  if (typeof data === 'string') return masked(data)
  if (Array.isArray(data)) return data.map(maskedValue)
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, typeof value === 'string' && ownWords.has(key) ? value : maskedValue(value)]),
  )
}

/** For what is printed: a JSON document stays one, even if a secret looks like one of its numbers or keys. */
export function maskedOutput(text: string): string {
  if (!holdsSecret(text)) return text
  if (!/^\s*[[{]/.test(text)) return masked(text)
  try {
    return JSON.stringify(maskedValue(JSON.parse(text)), null, text.includes('\n  ') ? 2 : undefined)
  } catch {
    return masked(text)
  }
}

/** Counts by text, as `reasons` are; texts that become the same are counted together. */
export function maskedCounts(counts: Readonly<Record<string, number>>): Record<string, number> {
  const result: Record<string, number> = {}
  for (const [text, count] of Object.entries(counts)) result[masked(text)] = (result[masked(text)] ?? 0) + count
  return result
}
