/** Connections to PostgreSQL: ended again and again, or taken until nobody gets one. */
import type { Client } from 'pg'
import * as z from 'zod/mini'
import { count, duration, says, text } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { sleep } from '../../system/clock.ts'
import type { Injector } from '../injector.ts'
import { placeOf, roleNarrows } from './find.ts'
import { databaseOf, expiresWords, postgresOnly } from './lock.ts'
import { hostOf } from './roles.ts'
import { askOnce, countSessions, endSessions, openSession, type SessionPlace, sessionName } from './sessions.ts'

interface ConnectionsSpec {
  how: 'kill' | 'exhaust'
  user?: string
  database?: string
  interval?: number
  leave?: number
}

type ConnectionsState = SessionPlace & {
  how: 'kill' | 'exhaust'
  user: string | null
  database: string | null
  interval: number
  /** Connections that all of us others may have together; of exhaust. */
  capacity: number
  leave: number
}

/** More than that is more than one process should hold. */
const most = 1_000

interface Holding {
  clients: Client[]
  stop: AbortController
  ended: number
  /** What went wrong last; empty: nothing. */
  why: string
}

/** What this process holds, by the fault's name. */
const holdings = new Map<string, Holding>()

const ours = "application_name like 'squall%'"
const others = `backend_type = 'client backend' and not ${ours}`

export const connections: Injector<ConnectionsSpec, ConnectionsState> = {
  type: 'connections',
  places: ['database'],
  holds: 'connections',
  narrows: roleNarrows,
  spec: says(
    'Ends the connections of PostgreSQL again and again, or takes them until only so many are left.',
    z.strictObject({
      how: says('kill: ends those of the others. exhaust: takes what is free.', z.enum(['kill', 'exhaust'])),
      user: says('kill: only those of this user.', z.optional(text), 'shop'),
      database: says('kill: only those to this database.', z.optional(text), 'orders'),
      interval: says('kill: how often; default 1s.', z.optional(duration), '500ms'),
      leave: says('exhaust: how many are left for the others; default 0.', z.optional(count), 2),
    }),
  ) as unknown as z.core.$ZodType<ConnectionsSpec>,
  needs: () => [],
  async plan(spec, target, context) {
    const place = postgresOnly(placeOf(target), 'connections')
    const host = await hostOf(placeOf(target), context)
    const at: SessionPlace = { ...place, host, name: sessionName(context.mark), until: context.deadline.getTime() }
    const { capacity, used } = await askOnce(at, context, askCapacity)
    const { how, user = null, database = null, interval = 1_000, leave = 0 } = spec
    if (how === 'exhaust' && capacity - used - leave > most)
      throw new SquallError('fault-not-available', `${capacity - used - leave} connections would have to be taken: at most ${most} are`, {
        hint: `Write leave: ${capacity - used - most} or more.`,
      })
    const whose =
      [user !== null && `of user ${user}`, database !== null && `to database ${database}`].filter(Boolean).join(' ') || 'of all clients'
    return {
      state: { ...at, how, user, database, interval: Math.max(50, interval), capacity, leave },
      does:
        how === 'kill'
          ? `end the connections ${whose} at ${host}, the ${target.name}, every ${interval} ms`
          : `take connections of ${host}, the ${target.name}, until ${leave} of ${capacity} are left (${used} are in use)`,
      undoes: how === 'kill' ? 'end no more of them' : 'give them back',
      steps: [
        how === 'kill'
          ? { does: `select pg_terminate_backend(pid) from pg_stat_activity where … ${whose}`, undoes: '' }
          : { does: `connect to ${host}, database ${databaseOf(place)}, up to ${capacity - leave} in all`, undoes: 'disconnect' },
      ],
      lock: `database-connections:${host}`,
      expires: expiresWords(at),
    }
  },
  async inject(state, context) {
    if (holdings.has(state.name)) return
    // The first one is opened while there still is one: it also asks how many are left.
    const first = await openSession(state, context)
    const holding: Holding = { clients: [first], stop: new AbortController(), ended: 0, why: '' }
    holdings.set(state.name, holding)
    const work = state.how === 'kill' ? kill : exhaust
    await work(state, holding, context)
    void goOn(state, holding, () => work(state, holding, context))
    if (context.signal.aborted) letGo(state)
  },
  async rollback(state, context) {
    letGo(state)
    await endSessions(state, context)
  },
  async look(state, context) {
    const holding = holdings.get(state.name)
    const first = holding?.clients[0]
    const sessions = first ? await askHeld(first, state) : await countSessions(state, context)
    if (sessions === null) return { active: false, seen: `${state.host} does not run`, died: `${state.host} ended meanwhile` }
    if (state.how === 'kill')
      return {
        active: sessions > 0,
        seen: sessions > 0 ? `${holding?.ended ?? 'some'} connections ended so far${holding?.why ?? ''}` : 'nobody ends connections',
      }
    return {
      active: sessions > 0 && (holding === undefined || holding.why === ''),
      seen: `${sessions} connections are taken${holding?.why ?? ''}`,
    }
  },
}

async function askCapacity(client: Client): Promise<{ capacity: number; used: number }> {
  const { rows } = await client.query<{ capacity: number; used: number }>(
    `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as capacity,
       (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used`,
  )
  return rows[0] ?? { capacity: 0, used: 0 }
}

async function kill(state: ConnectionsState, holding: Holding): Promise<void> {
  const { rows } = await (holding.clients[0] as Client).query<{ n: number }>(
    `select count(*) filter (where pg_terminate_backend(pid))::int as n from pg_stat_activity
     where ${others} and pid <> pg_backend_pid() and ($1::text is null or usename = $1) and ($2::text is null or datname = $2)`,
    [state.user, state.database],
  )
  holding.ended += rows[0]?.n ?? 0
}

/** As many as are free, never those that are kept for superusers. */
async function exhaust(state: ConnectionsState, holding: Holding, context: Parameters<typeof openSession>[1]): Promise<void> {
  const { used } = await askCapacity(holding.clients[0] as Client)
  for (let free = state.capacity - used - state.leave; free > 0 && !holding.stop.signal.aborted; free--) {
    const taken = await openSession(state, context).catch((error: { code?: string }) => {
      if (error.code === '53300') return null // Somebody was quicker: nothing is left, as wanted.
      throw error
    })
    if (!taken) return
    holding.clients.push(taken)
    if (holding.stop.signal.aborted) void taken.end().catch(() => {})
  }
}

/** Until it is let go, or the server ends its sessions: those that come free are taken too. */
async function goOn(state: ConnectionsState, holding: Holding, work: () => Promise<void>): Promise<void> {
  const { signal } = holding.stop
  while (!signal.aborted) {
    await sleep(state.interval, signal)
    if (signal.aborted) return
    try {
      await work()
      holding.why = ''
    } catch (error) {
      holding.why = `; not any more: ${(error as Error).message}`
    }
  }
}

async function askHeld(client: Client, { name }: ConnectionsState): Promise<number | null> {
  try {
    const { rows } = await client.query<{ n: number }>('select count(*)::int as n from pg_stat_activity where application_name = $1', [
      name,
    ])
    return rows[0]?.n ?? 0
  } catch {
    return null
  }
}

function letGo({ name }: ConnectionsState): void {
  const holding = holdings.get(name)
  holdings.delete(name)
  holding?.stop.abort()
  for (const client of holding?.clients ?? []) void client.end().catch(() => {})
}
