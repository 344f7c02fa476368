/** Redis that does not answer, or answers late: by CLIENT PAUSE, which ends by itself. */
import * as z from 'zod/mini'
import { duration, says } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { sleep, wallMs } from '../../system/clock.ts'
import { pauseContainer } from '../container/pause.ts'
import type { AnyInjector, Context, Injector, Json } from '../injector.ts'
import { placeOf, roleNarrows } from './find.ts'
import { askRedis, openRedis, type RedisSession } from './redis-client.ts'
import { hostOf } from './roles.ts'
import { serverAt } from './server.ts'
import { type SessionPlace, sessionName } from './sessions.ts'

/** ms of one CLIENT PAUSE: what is left of it when everything of ours is dead. */
const slice = 1_000

interface Held {
  session: RedisSession
  stop: AbortController
}

/** What this process holds, by the fault's name. */
const holdings = new Map<string, Held>()

type InContainer = { at: 'container'; inner: Json }
type PauseState = (SessionPlace & { at: 'redis' }) | InContainer

/** Of PostgreSQL only where the server is a container: its processes are many. */
export const pauseDatabase: Injector<Record<string, never>, PauseState> = {
  type: 'pause',
  places: ['database'],
  holds: 'database',
  narrows: roleNarrows,
  spec: says(
    'Redis takes connections and commands, and answers none. A server that is a container is frozen.',
    z.strictObject({}),
  ) as never,
  needs: () => [],
  async plan(_spec, target, context) {
    const { role: _role, ...place } = placeOf(target)
    const host = await hostOf(placeOf(target), context)
    if (place.type === 'postgres') {
      const server = await serverAt(host, 'postgres')
      if (server.at === 'process')
        throw new SquallError('fault-not-available', `${host} is many processes, which cannot be stopped all at once`, {
          hint: 'Possible: type: connections or lock, or a server in a container.',
        })
      const change = await pauseContainer.plan({}, server.target, context as never)
      return { ...change, state: { at: 'container', inner: change.state } }
    }
    const state = { ...place, at: 'redis' as const, host, name: sessionName(context.mark), until: context.deadline.getTime() }
    return {
      state,
      does: `let ${host}, the ${target.name}, answer no command (CLIENT PAUSE)`,
      undoes: 'let the pause run out',
      steps: [{ does: `CLIENT PAUSE ${slice} ALL, again and again`, undoes: `wait ${slice} ms` }],
      lock: `database-answers:${host}`,
      expires: `${slice / 1000} s after the end of Squall, else after ${Math.round((state.until - wallMs()) / 1000)} s`,
    }
  },
  async inject(state, context) {
    if (state.at === 'container') return (pauseContainer as AnyInjector).inject(state.inner, inner(state, context))
    const held = await hold(state, context)
    if (!held) return
    // All in one piece: each but the first waits for the end of the one before it, ahead of everybody else.
    const times = Math.max(1, Math.ceil((state.until - wallMs()) / slice))
    held.session.send(Array.from({ length: times }, () => ['client', 'pause', String(slice), 'all']))
  },
  async rollback(state, context) {
    if (state.at === 'container') return (pauseContainer as AnyInjector).rollback(state.inner, inner(state, context))
    letGo(state)
  },
  async look(state, context) {
    if (state.at === 'container') return (pauseContainer as AnyInjector).look(state.inner, inner(state, context))
    const seen = await askRedis(state, context, 'ping')
    if (seen === 'down') return { active: false, seen: `${state.host} does not run`, died: `${state.host} ended while it was paused` }
    return seen === 'silent'
      ? { active: true, seen: `${state.host} takes a command and does not answer` }
      : { active: false, seen: `${state.host} answers` }
  },
}

interface SlowSpec {
  delay: number
  gap?: number
}

type SlowState = SessionPlace & { delay: number; gap: number }

export const slowDatabase: Injector<SlowSpec, SlowState> = {
  type: 'slow',
  places: ['database'],
  holds: 'database',
  narrows: roleNarrows,
  spec: says(
    'Redis stands still for a while, again and again: a command that comes then waits for the rest of it.',
    z.strictObject({
      delay: says('How long it stands still: the longest that a command waits.', duration, '200ms'),
      gap: says('How long it answers in between; default 10ms, so that nearly every command waits.', z.optional(duration), '10ms'),
    }),
  ) as unknown as z.core.$ZodType<SlowSpec>,
  needs: () => [],
  async plan({ delay, gap = 10 }, target, context) {
    const { role: _role, ...place } = placeOf(target)
    if (place.type !== 'redis')
      throw new SquallError('fault-not-available', `slow is of Redis, and ${place.source} is ${place.type}`, {
        hint: 'PostgreSQL: a proxy in its path, with type: network.',
      })
    if (delay < 1 || delay > 5_000) throw new SquallError('fault-not-available', 'delay must be from 1ms to 5s')
    const host = await hostOf(placeOf(target), context)
    return {
      state: { ...place, host, name: sessionName(context.mark), until: context.deadline.getTime(), delay, gap },
      does: `let ${host}, the ${target.name}, stand still for ${delay} ms, ${gap} ms apart (CLIENT PAUSE)`,
      undoes: 'let the pause run out',
      steps: [{ does: `CLIENT PAUSE ${delay} ALL, again and again`, undoes: `wait ${delay} ms` }],
      lock: `database-answers:${host}`,
      expires: `${delay} ms after the end of Squall`,
    }
  },
  async inject(state, context) {
    const held = await hold(state, context, state.delay + 2_000)
    if (held) void stutter(state, held)
  },
  rollback(state) {
    letGo(state)
    return Promise.resolve()
  },
  async look(state, context) {
    const seen = await askRedis<string>(state, context, 'client', 'list')
    if (seen === 'down') return { active: false, seen: `${state.host} does not run`, died: `${state.host} ended while it was slow` }
    const active = seen === 'silent' || seen.answer.includes(`name=${state.name} `)
    return { active, seen: active ? `${state.host} stands still for ${state.delay} ms at a time` : `${state.host} answers as it comes` }
  },
}

async function stutter({ delay, gap, until }: SlowState, { session, stop }: Held): Promise<void> {
  try {
    while (!stop.signal.aborted && wallMs() < until) {
      await session.ask('client', 'pause', String(delay), 'all')
      await sleep(delay + gap, stop.signal)
    }
  } catch {
    // The server has ended, or our connection: a look tells.
  }
  session.close()
}

/** Null: it is held already, or not wanted any more. */
async function hold(
  state: SessionPlace,
  context: Context<never> | Context<PauseState> | Context<SlowState>,
  timeout?: number,
): Promise<Held | null> {
  if (holdings.has(state.name)) return null
  const held: Held = { session: await openRedis(state, context, timeout), stop: new AbortController() }
  if (context.signal.aborted) {
    held.session.close()
    return null
  }
  holdings.set(state.name, held)
  return held
}

function letGo({ name }: SessionPlace): void {
  const held = holdings.get(name)
  holdings.delete(name)
  held?.stop.abort()
  held?.session.close()
}

function inner(state: InContainer, context: Context<PauseState>): Context<Json> {
  return { ...context, save: (saved: Json) => context.save({ ...state, inner: saved }) }
}
