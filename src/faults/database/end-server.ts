/** Ending a database server by its process, and starting it again: the fault that `stop` and `kill` share. */
import { SquallError } from '../../errors.ts'
import { sleep } from '../../system/clock.ts'
import type { DatabasePlace } from './find.ts'
import { familyOf, original, type ProcessServer, processServer, runningIn, statusIn } from './process-server.ts'
import { type Rejoin, rejoin } from './rejoin.ts'
import type { Asking } from './roles.ts'
import { askRoles, primariesOf, roleWords } from './roles.ts'
import { runOwn, startServer } from './run-as.ts'

/** Plain data, part of a fault's state. */
export type EndedServer = {
  at: 'process'
  server: ProcessServer
  place: DatabasePlace
  /** As the document names it. */
  host: string
  signal: string
  /** What starts it again; null: its own command. */
  restart: string[] | null
  rejoin: Rejoin
  /** Rolled back as far as the document wants it: the rest is for people. */
  handedOver: string | null
}

/** ms in which a server that was told to stop shows it. */
const shows = 500
/** ms that a server gets to end after having been told. */
const ends = 20_000

export function endedServer(pid: number, asked: Omit<EndedServer, 'at' | 'server' | 'handedOver'>): EndedServer {
  const server = processServer(pid)
  const { type } = asked.place
  if (type === 'redis' && !asked.restart)
    throw new SquallError('fault-not-available', `how ${asked.host} was started cannot be seen: redis-server hides its arguments`, {
      hint: 'Write restart: [redis-server, /etc/redis/redis.conf], or what starts it.',
    })
  return { at: 'process', server, ...asked, handedOver: null }
}

export function endServer({ server, signal, host }: EndedServer): void {
  if (!original(server)) throw new SquallError('no-target', `the server at ${host} has ended`)
  process.kill(server.pid, signal as NodeJS.Signals)
}

/** The state afterwards. Returns with the server started, or with nothing to do; a look tells whether it serves. */
export async function startAgain(state: EndedServer, context: Asking & { log(line: string): void }): Promise<EndedServer> {
  const { server, host } = state
  for (let waited = 0; original(server); waited += 50) {
    // Never told to end, or told and not yet on its way down: that shows within a moment.
    if (waited >= shows && statusIn(server.data) !== 'stopping') return state
    if (waited >= ends) throw new Error(`${host} is still ending`)
    await sleep(50)
  }
  if (runningIn(server) !== null) return state
  if (familyOf(server).length > 0) throw new Error(`processes of ${host} have not ended yet`)
  const others = primariesOf(await askRoles(state.place, context)).filter((name) => name !== host)
  const [primary] = others
  if (state.rejoin !== 'start' && primary !== undefined) {
    const handedOver = await rejoin(state, primary, context)
    if (handedOver !== null) return { ...state, handedOver }
  }
  if (primary !== undefined && state.rejoin === 'start')
    context.log(`${host} is started as it was although ${primary} is primary now: two primaries, unless the system itself prevents it`)
  if (state.restart) await runOwn(state.restart as [string, ...string[]])
  else await startServer(server)
  return state
}

export async function lookAtEnded(state: EndedServer, context: Asking): Promise<{ active: boolean; seen: string; handedOver?: string }> {
  const { server, host, handedOver } = state
  const runs = original(server)
  const pid = runningIn(server)
  const status = state.place.type === 'postgres' ? statusIn(server.data) : 'ready'
  // Last: one that has just begun to serve tells what it is.
  const around = await askRoles(state.place, context).then(roleWords, () => 'the others cannot be asked')
  if (runs) return { active: false, seen: `${host} runs (pid ${server.pid}); ${around}` }
  if (pid === null && handedOver !== null) return { active: false, seen: `${host} has ended; ${around}`, handedOver }
  if (pid === null) return { active: true, seen: `${host} has ended; ${around}` }
  const serves = status === 'ready' || status === 'standby'
  return { active: !serves, seen: `${host} runs again (pid ${pid}), ${status ?? 'starting'}; ${around}` }
}
