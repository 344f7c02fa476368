/** Writes that the system has acknowledged and the database does not have: `lost_writes`. */
import type { Client } from 'pg'
import type { Reading } from '../source.ts'
import type { PostgresQuery } from './postgres-queries.ts'
import { onlyPrimary } from './roles.ts'

type Acknowledged = () => readonly string[]

/** How far the ids have been looked up on one server. What it once had it keeps, unless the system itself deletes it: that is no loss. */
interface Progress {
  /** Host, start and connection: another primary, or the same one after a restart or a crash, may have less. */
  server: string
  /** How many of the acknowledged ids have been looked up. */
  done: number
  /** Those of them that were not there: they may still come. */
  lost: string[]
}

/** Ids looked up in one second: the rest waits for the next. In a table of 2,000,000 rows it takes some 200 ms. */
const atOnce = 10_000

/** By run and statement. */
const progresses = new WeakMap<Acknowledged, Map<string, Progress>>()

/** `sql` gives the ids that the database has; `acknowledged` those that it should have. */
export function lostWrites(sql: string, acknowledged: Acknowledged | undefined): PostgresQuery {
  return {
    unit: 'count',
    async tryOut(answers, ask) {
      if (!acknowledged) return { missing: 'it needs to know what was acknowledged: give traffic ids, the path of the id in its answers' }
      const primary = onlyPrimary(answers)
      if ('missing' in primary) return primary
      const found = await ask(primary.host, (client) => lookUp(client, sql, []))
      return 'missing' in found ? found : { value: 0 }
    },
    async read(answers, ask) {
      const ids = acknowledged?.() ?? []
      // Nothing could have been lost: that is not the same as nothing was.
      if (!acknowledged || ids.length === 0) return { missing: 'no answer to the traffic has acknowledged an id yet' }
      const primary = onlyPrimary(answers)
      if ('missing' in primary) return primary
      const { host, facts } = primary
      const progress = progressOn(`${host.name} ${facts.started} ${facts.backend}`, acknowledged, sql)
      const next = ids.slice(progress.done, progress.done + atOnce)
      const found = await ask(host, (client) => lookUp(client, sql, [...progress.lost, ...next]))
      if ('missing' in found) return found
      progress.done += next.length
      progress.lost = found.lost
      if (progress.done < ids.length) return { missing: `${progress.done} of ${ids.length} acknowledged ids have been looked up so far` }
      return { value: found.lost.length }
    },
  }
}

function progressOn(server: string, acknowledged: Acknowledged, sql: string): Progress {
  const ofRun = progresses.get(acknowledged) ?? new Map<string, Progress>()
  progresses.set(acknowledged, ofRun)
  const known = ofRun.get(sql)
  const progress = known?.server === server ? known : { server, done: 0, lost: [] }
  ofRun.set(sql, progress)
  return progress
}

/** Which of the ids the statement does not give. */
async function lookUp(
  client: Client,
  sql: string,
  ids: readonly string[],
): Promise<{ lost: string[] } | Extract<Reading, { missing: string }>> {
  const kept = `(${sql.replace(/;\s*$/, '')})`
  const { fields } = await client.query(`select * from ${kept} as kept limit 0`)
  const [field] = fields
  if (!field || fields.length > 1) return { missing: `the statement gives ${fields.length} columns: it must give the ids alone` }
  const { rows: types } = await client.query<{ type: string }>('select format_type($1, null) as type', [field.dataTypeID])
  // Compared as what the column is, so that its index can be used.
  const { rows } = await client.query<{ id: string }>(
    `select told.id::text as id from unnest($1::text[]::${types[0]?.type ?? 'text'}[]) as told(id)
     where not exists (select from ${kept} as kept(id) where kept.id = told.id)`,
    [ids],
  )
  return { lost: rows.map(({ id }) => id) }
}
