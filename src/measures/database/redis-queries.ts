/** What can be asked of Redis servers, each as one reading from what INFO says now and said the time before. */
import type { Unit } from '../../document/experiment.ts'
import type { Reading } from '../source.ts'

/** One INFO of the primary. */
export interface Info {
  /** ms of the monotonic clock when it was asked for. */
  at: number
  /** ms from asking to the answer. */
  took: number
  /** By name, as text. */
  fields: Readonly<Record<string, string>>
}

export interface RedisQuery {
  unit: Unit
  read(now: Info, before: Info | null): Reading
}

/** Of the primary; `primaries` asks all hosts. */
export const redisQueries: Readonly<Record<string, RedisQuery>> = {
  latency: { unit: 'ms', read: ({ took }) => ({ value: took }) },
  memory: { unit: 'bytes', read: gauge('used_memory') },
  clients: { unit: 'count', read: gauge('connected_clients') },
  replicas: { unit: 'count', read: gauge('connected_slaves') },
  ops: { unit: '/s', read: rate('total_commands_processed') },
  evictions: { unit: '/s', read: rate('evicted_keys') },
  miss_rate: { unit: 'share', read: missRate },
}

export function parseInfo(text: string): Record<string, string> {
  const pairs = text.split(/\r?\n/).flatMap((line) => {
    const at = line.indexOf(':')
    return at > 0 && !line.startsWith('#') ? [[line.slice(0, at), line.slice(at + 1)] as const] : []
  })
  return Object.fromEntries(pairs)
}

function gauge(name: string): RedisQuery['read'] {
  return (now) => numberOf(now, name)
}

function rate(name: string): RedisQuery['read'] {
  return (now, before) => {
    const grown = growth(name, now, before)
    return 'missing' in grown ? grown : { value: grown.value / (grown.ms / 1000) }
  }
}

/** Lookups that found nothing, of all lookups between two readings. */
function missRate(now: Info, before: Info | null): Reading {
  const [hits, misses] = [growth('keyspace_hits', now, before), growth('keyspace_misses', now, before)]
  if ('missing' in hits) return hits
  if ('missing' in misses) return misses
  const total = hits.value + misses.value
  return total === 0 ? { missing: 'nothing was looked up since the reading before' } : { bad: misses.value, total }
}

/** ms: a gap between two readings that a rate would smear over. */
const longestGap = 3_000

function growth(name: string, now: Info, before: Info | null): { value: number; ms: number } | { missing: string } {
  if (!before) return { missing: 'there is no reading before this one yet' }
  const ms = now.at - before.at
  if (now.fields.run_id !== before.fields.run_id) return { missing: 'another server, or the same one started again, counts from anew' }
  if (ms > longestGap) return { missing: `${(ms / 1000).toFixed(1)} s have passed since the reading before` }
  const [to, from] = [numberOf(now, name), numberOf(before, name)]
  if (!('value' in to)) return to
  if (!('value' in from)) return from
  // CONFIG RESETSTAT.
  return to.value < from.value ? { missing: `${name} was set back` } : { value: to.value - from.value, ms }
}

function numberOf({ fields }: Info, name: string): { value: number } | { missing: string } {
  const text = fields[name]
  const value = Number(text)
  return text !== undefined && text !== '' && Number.isFinite(value) ? { value } : { missing: `INFO has no number ${name}` }
}
