/** Holds a lock on a table of PostgreSQL: whoever wants it waits. */
import type { Client } from 'pg'
import * as z from 'zod/mini'
import { says, text } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { wallMs } from '../../system/clock.ts'
import type { Injector } from '../injector.ts'
import { type DatabasePlace, placeOf, roleNarrows } from './find.ts'
import { hostOf } from './roles.ts'
import { askOnce, countSessions, endSessions, openSession, type SessionPlace, sessionName } from './sessions.ts'

const modes = ['access exclusive', 'exclusive', 'share row exclusive', 'share', 'share update exclusive'] as const

interface LockSpec {
  table: string
  mode?: (typeof modes)[number]
}

type LockState = SessionPlace & { table: string; mode: string }

/** ms that it waits for its turn: whoever comes after it waits as well, so it must not wait for long. */
const turn = 10_000

/** The sessions of this process, by the fault's name: a rollback here ends them without asking. */
const held = new Map<string, Client>()

export const lock: Injector<LockSpec, LockState> = {
  type: 'lock',
  places: ['database'],
  narrows: roleNarrows,
  spec: says(
    'Holds a lock on a table of PostgreSQL until it is rolled back: statements that want the table wait.',
    z.strictObject({
      table: says('The table, with its schema where that is not in the search path.', text, 'orders', 'shop.orders'),
      mode: says('Default access exclusive: nobody can even read. exclusive: reading goes on.', z.optional(z.enum(modes)), 'exclusive'),
    }),
  ) as unknown as z.core.$ZodType<LockSpec>,
  needs: () => [],
  async plan({ table, mode = 'access exclusive' }, target, context) {
    const place = postgresOnly(placeOf(target), 'lock')
    const host = await hostOf(placeOf(target), context)
    const at: SessionPlace = { ...place, host, name: sessionName(context.mark), until: context.deadline.getTime() }
    const found = await askOnce(at, context, async (client) => {
      // As the server itself writes it: quoted where it has to be.
      const { rows } = await client.query<{ name: string | null }>('select to_regclass($1)::text as name', [table])
      return rows[0]?.name ?? null
    })
    if (found === null) throw new SquallError('no-target', `${host} has no table ${table} in database ${databaseOf(place)}`)
    const sql = `lock table ${found} in ${mode} mode`
    return {
      state: { ...at, table: found, mode },
      does: `hold a lock on ${found} at ${host}, the ${target.name} (${mode})`,
      undoes: `end the session that holds it`,
      steps: [{ does: `begin; ${sql};`, undoes: 'rollback;' }],
      lock: `database-lock:${host}/${databaseOf(place)}/${found}`,
      expires: expiresWords(at),
    }
  },
  async inject(state, context) {
    const client = await openSession(state, context, { answer: turn + 2_000 })
    held
      .get(state.name)
      ?.end()
      .catch(() => {})
    held.set(state.name, client)
    try {
      await client.query(`begin; set local lock_timeout = ${turn}`)
      context.signal.throwIfAborted()
      await client.query(`lock table ${state.table} in ${state.mode} mode`)
      context.signal.throwIfAborted()
    } catch (error) {
      letGo(state)
      throw error
    }
  },
  async rollback(state, context) {
    letGo(state)
    await endSessions(state, context)
  },
  async look(state, context) {
    const sessions = await countSessions(state, context)
    if (sessions === null)
      return { active: false, seen: `${state.host} does not run`, died: `${state.host} ended while its table was locked` }
    if (sessions === 0) return { active: false, seen: `nobody holds ${state.table} for this fault` }
    const { holds, waits } = await askOnce(state, context, (client) => ask(client, state))
    if (!holds) return { active: false, seen: `it waits for its lock on ${state.table}` }
    return { active: true, seen: `${state.table} is locked; ${waits} ${waits === 1 ? 'session waits' : 'sessions wait'} for it` }
  },
}

async function ask(client: Client, { name, table }: LockState): Promise<{ holds: boolean; waits: number }> {
  const { rows } = await client.query<{ holds: boolean; waits: number }>(
    `with ours as (select pid from pg_stat_activity where application_name = $1)
     select exists (select from pg_locks where pid in (select pid from ours) and relation = to_regclass($2) and granted) as holds,
       (select count(*)::int from pg_locks where relation = to_regclass($2) and not granted) as waits`,
    [name, table],
  )
  return rows[0] ?? { holds: false, waits: 0 }
}

function letGo({ name }: LockState): void {
  held
    .get(name)
    ?.end()
    .catch(() => {})
  held.delete(name)
}

export function databaseOf({ config }: DatabasePlace): string {
  return typeof config.database === 'string' ? config.database : 'postgres'
}

export function expiresWords({ until }: SessionPlace): string {
  return `at once when Squall ends, else after ${Math.max(0, Math.round((until - wallMs()) / 1000))} s`
}

/** @throws SquallError `fault-not-available` */
export function postgresOnly({ source, type, config }: DatabasePlace, fault: string): DatabasePlace {
  if (type !== 'postgres') throw new SquallError('fault-not-available', `${fault} is of PostgreSQL, and ${source} is ${type}`)
  return { source, type, config }
}
