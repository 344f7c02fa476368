/** Reads what a user's program or module says it measured. What is not understood is missing, never a number. */
import type { Reading } from './source.ts'

const forms = '{ value }, { bad, total }, { buckets } or { missing }'

/** `value` is what came out of JSON, where an endless upper edge of the last bucket has become null. */
export function readReading(value: unknown): Reading {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return notUnderstood(value)
  const given = value as Record<string, unknown>
  if (typeof given.missing === 'string' && given.missing !== '') return { missing: given.missing }
  if ('value' in given) return isNumber(given.value) ? { value: given.value } : { missing: `value is ${shown(given.value)}, not a number` }
  if ('bad' in given || 'total' in given) return readCounts(given.bad, given.total)
  if ('buckets' in given) return readBuckets(given.buckets)
  return notUnderstood(value)
}

function readCounts(bad: unknown, total: unknown): Reading {
  if (!isNumber(bad) || !isNumber(total)) return { missing: `bad and total must be numbers, not ${shown(bad)} and ${shown(total)}` }
  if (bad < 0 || bad > total) return { missing: `bad must be from 0 to total, not ${bad} of ${total}` }
  return { bad, total }
}

function readBuckets(buckets: unknown): Reading {
  const problem = { missing: 'buckets must be a list of [upper edge, count], both numbers, counts growing' }
  if (!Array.isArray(buckets) || buckets.length === 0) return problem
  const read: [le: number, count: number][] = []
  for (const [index, bucket] of buckets.entries()) {
    const [edge, count] = Array.isArray(bucket) ? (bucket as unknown[]) : []
    const le = edge === null && index === buckets.length - 1 ? Number.POSITIVE_INFINITY : edge
    if (typeof le !== 'number' || Number.isNaN(le) || !isNumber(count) || count < (read.at(-1)?.[1] ?? 0)) return problem
    read.push([le, count])
  }
  return { buckets: read }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function notUnderstood(value: unknown): Reading {
  return { missing: `expected ${forms}, not ${shown(value)}` }
}

function shown(value: unknown): string {
  return (typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))).slice(0, 80)
}
