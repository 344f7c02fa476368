/** Ends the server of a database that has the role right now, and starts it again: by its process, or as the container that it is. */
import * as z from 'zod/mini'
import { argv, says } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { findProgram } from '../../system/children.ts'
import { killContainer } from '../container/kill.ts'
import { stop as stopContainer } from '../container/stop.ts'
import type { AnyInjector, Change, Context, Injector, Json, Look, Target } from '../injector.ts'
import { type EndedServer, endedServer, endServer, lookAtEnded, startAgain } from './end-server.ts'
import { type DatabasePlace, placeOf, roleNarrows } from './find.ts'
import type { Rejoin } from './rejoin.ts'
import { askRoles, hostOf, roleWords } from './roles.ts'
import { serverAt } from './server.ts'

interface StopSpec {
  mode?: 'fast' | 'immediate'
  rejoin?: Exclude<Rejoin, 'start'>
  restart?: string[]
}

/** The container's own fault does the work; what it writes down is in `inner`. */
type InContainer = { at: 'container'; inner: Json; place: DatabasePlace; host: string }
type StopState = EndedServer | InContainer

const rejoins = ['rewind', 'reclone', 'manual'] as const
const common = {
  rejoin: says(
    'How it comes back when another server is primary by then: pg_rewind, a new copy by pg_basebackup, or by you. Left out: it is started as it was, and may be a second primary.',
    z.optional(z.enum(rejoins)),
    ...rejoins,
  ),
  restart: says('The program that starts it again, as it is started here; default: its own command.', z.optional(argv)),
}
const mode = says(
  'Of PostgreSQL. fast: ends its clients and shuts down cleanly. immediate: as in a crash. Default fast.',
  z.optional(z.enum(['fast', 'immediate'])),
)

export const stopDatabase = ending('stop', 'Stops the server; the rollback starts it again.', z.strictObject({ mode, ...common }))
export const killDatabase = ending('kill', 'Kills the server with SIGKILL; the rollback starts it again.', z.strictObject(common))

function ending(type: 'stop' | 'kill', what: string, spec: z.ZodMiniType): Injector<StopSpec, StopState> {
  const container = (type === 'stop' ? stopContainer : killContainer) as AnyInjector
  return {
    type,
    places: ['database'],
    holds: 'database',
    ...(type === 'kill' && { instant: true }),
    narrows: roleNarrows,
    patience: { inject: '60s', rollback: '90s' },
    spec: says(what, spec) as unknown as z.core.$ZodType<StopSpec>,
    needs: () => [],
    async plan(asked, target, context) {
      const { role: _role, ...place } = placeOf(target)
      const host = await hostOf(placeOf(target), context)
      const server = await serverAt(host, place.type)
      if (server.at === 'container') return planInContainer(container, asked, server.target, { place, host, name: target.name }, context)
      const signal = signalOf(type, place.type, asked.mode)
      const restart = asked.restart ? absolute(asked.restart, context.folder) : null
      const rejoin = asked.rejoin ?? 'start'
      if (rejoin !== 'start' && place.type === 'redis')
        throw new SquallError('fault-not-available', 'rejoin is of PostgreSQL: a Redis server is told by its REPLICAOF or by Sentinel')
      const state = endedServer(server.pid, { place, host, signal, restart, rejoin })
      const again = (restart ?? [state.server.program, ...state.server.args]).join(' ')
      const back = rejoin === 'start' ? '' : ` (as a standby by ${rejoin}, if another is primary by then)`
      return {
        state,
        does: `${type} ${host}, the ${target.name}, with ${signal} to pid ${server.pid}`,
        undoes: rejoin === 'manual' ? `start ${host} again, unless another is primary: then that is yours` : `start ${host} again${back}`,
        steps: [{ does: `kill -${signal.slice(3)} ${server.pid}`, undoes: again }],
        lock: `database-server:${host}`,
        hits: [`every client of ${host}`],
      }
    },
    async inject(state, context) {
      context.signal.throwIfAborted()
      if (state.at === 'container') return container.inject(state.inner, innerContext(state, context))
      endServer(state)
    },
    async rollback(state, context) {
      if (state.at === 'container') return container.rollback(state.inner, innerContext(state, context))
      const after = await startAgain(state, context)
      if (after.handedOver !== null) await context.save(after)
    },
    async look(state, context): Promise<Look> {
      if (state.at === 'process') return lookAtEnded(state, context)
      const seen = await container.look(state.inner, innerContext(state, context))
      const around = await askRoles(state.place, context).then(roleWords, () => 'the servers cannot be asked')
      return { ...seen, seen: `${seen.seen}; ${around}` }
    },
  }
}

async function planInContainer(
  container: AnyInjector,
  asked: StopSpec,
  target: Target,
  { place, host, name }: { place: DatabasePlace; host: string; name: string },
  context: Context<StopState>,
): Promise<Change<StopState>> {
  const wrong = (['mode', 'rejoin', 'restart'] as const).find((key) => asked[key] !== undefined)
  if (wrong)
    throw new SquallError('fault-not-available', `${host} is ${target.name}: ${wrong} is possible only for a server that is a process`, {
      hint: `Remove ${wrong}; how a container comes back is its own command's to decide.`,
    })
  const change = await container.plan({}, target, context as never)
  return {
    ...change,
    state: { at: 'container', inner: change.state as Json, place, host },
    does: `${change.does} (${host}, the ${name})`,
  }
}

/** What the container's fault saves is saved as a part of ours. */
function innerContext(state: InContainer, context: Context<StopState>): Context<Json> {
  return { ...context, save: (inner: Json) => context.save({ ...state, inner }), secret: (name) => context.secret(name) }
}

function signalOf(type: 'stop' | 'kill', of: DatabasePlace['type'], mode: StopSpec['mode']): string {
  if (type === 'kill') return 'SIGKILL'
  return of === 'redis' ? 'SIGTERM' : mode === 'immediate' ? 'SIGQUIT' : 'SIGINT'
}

function absolute([program = '', ...rest]: readonly string[], folder: string): string[] {
  const found = findProgram(program.includes('/') && !program.startsWith('/') ? `${folder}/${program}` : program)
  if (!found) throw new SquallError('program-missing', `the program ${program}, which is to start it again, is not there`)
  return [found, ...rest]
}
