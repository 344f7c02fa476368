/** A request that changes something: known from the journal before it leaves, since it may be acted on after everybody here is dead. */
import { wallMs } from '../../system/clock.ts'
import type { Context, Json } from '../injector.ts'

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

/** Sends the change; what is written down before and after it is what a rollback goes by. */
export async function askFor<State extends Asked & { [key: string]: Json }>(
  state: State,
  context: Context<State>,
  change: () => Promise<unknown>,
): Promise<void> {
  const asked = { ...state, askedAt: wallMs(), answered: false }
  await context.save(asked)
  context.signal.throwIfAborted()
  await change()
  // Nothing waits for an answer that a rollback has overtaken.
  if (!context.signal.aborted) await context.save({ ...asked, answered: true })
}

/** True while the request may still arrive although nobody waits for its answer; `longer`: ms that the engine itself takes over it. */
export function mayArrive({ askedAt, answered }: Asked, longer = 0): boolean {
  return askedAt !== null && !answered && wallMs() < askedAt + inFlight + longer
}
