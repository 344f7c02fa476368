/** The undo of everything that ends a container: it runs again, and nothing that is still under way in the engine ends it later. */
import { sleep, wallMs } from '../../system/clock.ts'
import type { Context } from '../injector.ts'
import { type Asked, mayArrive } from './asking.ts'
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

interface EngineEvent {
  Action?: string
  status?: string
}

/** What the engine itself does with a container while a stop is under way: it has sent the signal, and the container has not ended. */
async function isEnding(state: EndedState): Promise<boolean> {
  const [since, until] = [Math.floor(state.plannedAt / 1000) - 1, Math.floor(wallMs() / 1000)]
  const filters = JSON.stringify({ container: [state.id], type: ['container'] })
  // With an end in the past the engine answers with what it remembers instead of waiting for more.
  const text = await engineOf(state).call<string>('GET', '/events', { query: { since, until, filters }, text: true })
  const actions = text.split('\n').flatMap((line) => (line === '' ? [] : [actionOf(JSON.parse(line) as EngineEvent)]))
  return actions.lastIndexOf('kill') > actions.lastIndexOf('die')
}

function actionOf({ Action, status }: EngineEvent): string {
  return Action ?? status ?? ''
}

/** True while it runs as before the fault although a stop may be under way: in the engine, or on its way there. */
export async function mayStillEnd(state: EndedState, found: Inspected): Promise<boolean> {
  if (!found.State.Running || found.State.StartedAt !== state.startedAt || state.answered) return false
  return mayArrive(state, state.grace) || (await isEnding(state))
}

/** Returns when it runs and will go on running, or is gone. Called again when it took too long. */
export async function startAgain(state: EndedState, context: Pick<Context<EndedState>, 'log'>): Promise<void> {
  for (let waited = 0; ; waited += 200) {
    const found = await inspect(state)
    if (!found) return
    if (!found.State.Running) {
      await engineOf(state).call('POST', `/containers/${state.id}/start`)
      return
    }
    if (!(await mayStillEnd(state, found))) return
    if (waited === 0) context.log(`${state.name}: a stop may be under way in the engine; waiting for its end before starting again`)
    await sleep(200)
  }
}
