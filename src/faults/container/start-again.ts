/** The undo of everything that ends a container: it runs again, and nothing that is still under way in the engine ends it later. */
import { monotonicMs, sleep, wallMs } from '../../system/clock.ts'
import type { Context } from '../injector.ts'
import { type Asked, inFlight, isAnswered, isAskedHere, mayArrive } from './asking.ts'
import { isGone } from './engine.ts'
import { type ContainerPlace, engineOf, type Inspected, inspect } from './inspect.ts'

export type EndedState = ContainerPlace &
  Asked & {
    /** When it had started before the fault, as the engine writes it: another time is another life. */
    startedAt: string
    /** ms since the epoch when it was planned. */
    plannedAt: number
    /** ms that the engine lets it live after asking it to stop. */
    grace: number
  }

type Marked = Pick<Context<EndedState>, 'mark'>

/** ms of one try: a rollback call may take 30 s, and is called again. */
const longestTry = 25_000

export function isUp({ State }: Inspected): boolean {
  // While the restart policy waits for its next try the engine calls it running too.
  return State.Running && !State.Restarting
}

/** True while it runs as before the fault although a stop may be under way: in the engine, or on its way there. */
export async function mayStillEnd(state: EndedState, found: Inspected, context: Marked): Promise<boolean> {
  if (!isUp(found) || found.State.StartedAt !== state.startedAt || isAnswered(state, context)) return false
  if (isAskedHere(context)) return true
  const { signalled, died } = await whatHappened(state)
  // The engine takes up to a second to tell: it has ended meanwhile, and what was found is old.
  if (died !== null && died > Date.parse(state.startedAt)) return true
  if (signalled === null) return mayArrive(state, context)
  // The engine has sent its signal and waits; a signal of long ago was somebody else's, and did not mean its end.
  return signalled > (died ?? 0) && wallMs() < signalled + state.grace + inFlight
}

/** Returns when it runs and will go on running, or is gone. @throws when that takes too long: called again */
export async function startAgain(state: EndedState, context: Marked & Pick<Context<EndedState>, 'log'>): Promise<void> {
  const end = monotonicMs() + longestTry
  let said = false
  for (;;) {
    const found = await inspect(state)
    if (!found) return
    if (!found.State.Running) await start(state)
    const isAsBefore = isUp(found) && found.State.StartedAt === state.startedAt
    const isSettled = isAsBefore ? !(await mayStillEnd(state, found, context)) : await nothingToCome(state, context)
    if (isSettled && !found.State.Restarting) return
    if (monotonicMs() > end)
      throw new Error(
        found.State.Restarting
          ? `the restart policy of ${state.name} has not started it yet`
          : `a stop of ${state.name} may still be under way in the engine`,
      )
    if (!said) context.log(`${state.name}: a stop may be under way in the engine; waiting for its end`)
    said = true
    await sleep(200)
  }
}

async function start(state: EndedState): Promise<void> {
  await engineOf(state)
    .call('POST', `/containers/${state.id}/start`)
    .catch((error: { status?: number }) => {
      if (error.status !== 304 && !isGone(error)) throw error
    })
}

/** What we asked for has been acted on, or is so old that it never will be. */
async function nothingToCome(state: EndedState, context: Marked): Promise<boolean> {
  return !mayArrive(state, context) || (await whatHappened(state)).signalled !== null
}

interface EngineEvent {
  Action?: string
  status?: string
  timeNano: number
}

/** What the engine remembers of this container since the plan: when it was last sent a signal, and when it last ended; ms since the epoch. */
async function whatHappened(state: EndedState): Promise<{ signalled: number | null; died: number | null }> {
  const [since, until] = [Math.floor(state.plannedAt / 1000) - 1, Math.floor(wallMs() / 1000) + 1]
  const filters = JSON.stringify({ container: [state.id], type: ['container'] })
  // With an end the engine answers with what it remembers up to there instead of waiting for ever.
  const text = await engineOf(state).call<string>('GET', '/events', { query: { since, until, filters }, text: true })
  const events = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as EngineEvent]))
  const last = (action: string): number | null => {
    const found = events.findLast((event) => (event.Action ?? event.status) === action)
    return found ? found.timeNano / 1e6 : null
  }
  return { signalled: last('kill'), died: last('die') }
}
