/** What a run has left on purpose, in the words of its last notes: proxies that services point at. */
import type { StoredRun } from '../records/stored-run.ts'

export function staysOf({ events }: Pick<StoredRun, 'events'>): string[] {
  return events.flatMap(({ text, data }) => (typeof data === 'object' && data !== null && 'stays' in data ? [text] : []))
}
