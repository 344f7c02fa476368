/** Why requests failed, in the load's own words: what an operator looks for first. */
import type { TrafficSecond } from '../records/run-data.ts'

const shown = 3

/** `timeout (40), status 503 (12)`, the most frequent first; empty when none failed. */
export function failureReasons(seconds: readonly TrafficSecond[]): string {
  const counts = new Map<string, number>()
  const add = (reason: string, n: number): void => void counts.set(reason, (counts.get(reason) ?? 0) + n)
  for (const { reasons, timeout, error } of seconds) {
    if (timeout > 0) add('timeout', timeout)
    if (error > 0) for (const [reason, n] of Object.entries(reasons)) if (!/^(own limit|Squall itself)/.test(reason)) add(reason, n)
  }
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a)
  const more = sorted.length > shown ? [`${sorted.length - shown} more`] : []
  return [...sorted.slice(0, shown).map(([reason, n]) => `${reason} (${n})`), ...more].join(', ')
}
