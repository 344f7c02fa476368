/** A request that changes something: known from the journal before it leaves, since it may be acted on after everybody here is dead. */
import { wallMs } from '../../system/clock.ts'
import type { Context, Json } from '../injector.ts'
import { EngineError } from './engine.ts'

/** Plain data, part of a fault's state. */
export type Asked = {
  /** ms since the epoch; null: never asked. */
  askedAt: number | null
  /** The engine has answered: nothing of it is on its way any more. */
  answered: boolean
}

export const notAsked: Asked = { askedAt: null, answered: false }

/** ms that a request may be on its way to the engine (a slow tunnel, a busy engine) after whoever sent it is dead. */
export const inFlight = 10_000

/** By mark: what this very process has asked. It knows better than a state that was written down before. */
const here = new Map<string, 'asked' | 'answered'>()

type Marked = Pick<Context<unknown>, 'mark'>

/** Sends the change; what is written down before and after it is what a rollback goes by. It is never broken off: the engine would go on. */
export async function askFor<State extends Asked & { [key: string]: Json }>(
  state: State,
  context: Context<State>,
  change: () => Promise<unknown>,
): Promise<void> {
  const asked = { ...state, askedAt: wallMs(), answered: false }
  await context.save(asked)
  context.signal.throwIfAborted()
  here.set(context.mark, 'asked')
  try {
    await change()
    here.set(context.mark, 'answered')
  } catch (error) {
    if (error instanceof EngineError) here.set(context.mark, 'answered')
    else here.delete(context.mark) // Nobody here will ever know.
    throw error
  }
  // Nothing waits for an answer that a rollback has overtaken.
  if (!context.signal.aborted) await context.save({ ...asked, answered: true })
}

/** True: nothing of it is on its way any more. */
export function isAnswered({ answered }: Asked, { mark }: Marked): boolean {
  return answered || here.get(mark) === 'answered'
}

/** True while this very process waits for the engine's answer. */
export function isAskedHere({ mark }: Marked): boolean {
  return here.get(mark) === 'asked'
}

/** True while the request may still arrive, be it that nobody waits for its answer any more. */
export function mayArrive(asked: Asked, context: Marked): boolean {
  if (isAnswered(asked, context)) return false
  return isAskedHere(context) || (asked.askedAt !== null && wallMs() < asked.askedAt + inFlight)
}
