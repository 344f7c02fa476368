/** Redis that refuses to write, as one that has lost its replicas does: min-replicas-to-write, which costs no data and is put back. */
import { createHash } from 'node:crypto'
import * as z from 'zod/mini'
import { says } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import type { Injector } from '../injector.ts'
import { placeOf, roleNarrows } from './find.ts'
import { askRedis } from './redis-client.ts'
import { type Asking, hostOf } from './roles.ts'
import { type SessionPlace, sessionName } from './sessions.ts'

type ReadonlyState = SessionPlace & {
  /** By the name of the setting: what it was. */
  before: { [setting: string]: string }
  /** What we set: a number of replicas that nobody has, and by which it is known to be ours. */
  ours: { [setting: string]: string }
}

const wanted = 'min-replicas-to-write'
const lag = 'min-replicas-max-lag'

export const readonlyDatabase: Injector<Record<string, never>, ReadonlyState> = {
  type: 'readonly',
  places: ['database'],
  holds: 'writes',
  narrows: roleNarrows,
  spec: says('Redis refuses every write (NOREPLICAS) and answers every read.', z.strictObject({})) as never,
  needs: () => [],
  async plan(_spec, target, context) {
    const { role: _role, ...place } = placeOf(target)
    if (place.type !== 'redis') throw new SquallError('fault-not-available', `readonly is of Redis, and ${place.source} is ${place.type}`)
    const host = await hostOf(placeOf(target), context)
    const name = sessionName(context.mark)
    const at: SessionPlace = { ...place, host, name, until: context.deadline.getTime() }
    const now = await settings(at, context)
    if (!now) throw new SquallError('no-target', `${host} does not answer`)
    const number = 1_000_000 + (createHash('sha256').update(context.mark).digest().readUInt32BE(0) % 1_000_000)
    // With a lag of 0 the other setting would mean nothing.
    const ours = { [wanted]: String(number), ...(now[lag] === '0' && { [lag]: '10' }) }
    const before = Object.fromEntries(Object.keys(ours).map((key) => [key, now[key] ?? '0']))
    const pairs = (values: Record<string, string>): string => Object.entries(values).flat().join(' ')
    return {
      state: { ...at, before, ours },
      does: `let ${host}, the ${target.name}, refuse writes (NOREPLICAS)`,
      undoes: `set ${pairs(before)} again`,
      steps: [{ does: `CONFIG SET ${pairs(ours)}`, undoes: `CONFIG SET ${pairs(before)}` }],
      lock: `database-writes:${host}`,
    }
  },
  async inject(state, context) {
    context.signal.throwIfAborted()
    const done = await askRedis(state, context, 'config', 'set', ...Object.entries(state.ours).flat())
    if (done === 'down' || done === 'silent') throw new Error(`${state.host} does not answer`)
  },
  async rollback(state, context) {
    const now = await settings(state, context)
    // Gone, started again without it, or changed by somebody: nothing of it is ours any more.
    if (!now || now[wanted] !== state.ours[wanted]) return
    const mine = Object.entries(state.before).filter(([key]) => now[key] === state.ours[key])
    await askRedis(state, context, 'config', 'set', ...mine.flat())
  },
  async look(state, context) {
    const now = await settings(state, context)
    if (!now) return { active: false, seen: `${state.host} does not run`, died: `${state.host} ended meanwhile` }
    const value = now[wanted] ?? ''
    if (value === state.ours[wanted]) return { active: true, seen: `${state.host}: ${wanted} is ${value}: writes are refused` }
    const others = value !== state.before[wanted] && { changed: `${wanted} was ${state.before[wanted]} and is ${value} now` }
    return { active: false, seen: `${state.host}: ${wanted} is ${value}`, ...others }
  },
}

/** Null: nobody listens there. @throws when it does not answer, or may not be asked */
async function settings(place: SessionPlace, context: Asking): Promise<Record<string, string> | null> {
  const seen = await askRedis<string[]>(place, context, 'config', 'get', 'min-replicas-*')
  if (seen === 'down') return null
  if (seen === 'silent') throw new Error(`${place.host} does not answer`)
  const { answer } = seen
  return Object.fromEntries(answer.flatMap((key, index) => (index % 2 === 0 ? [[key, answer[index + 1] ?? '']] : [])))
}
