/** Faults that are over once the container has ended: it may run again, by its restart policy or as asked, before anybody looks. */
import type { Context, Look } from '../injector.ts'
import { inspect } from './inspect.ts'
import { type EndedState, startAgain } from './start-again.ts'
import { lookAtEnded } from './stop.ts'

/** Marks of what this process has done and not undone. Whoever undoes it in another process only asks whether the container runs. */
const struck = new Set<string>()

export function strike({ mark }: Pick<Context<EndedState>, 'mark'>): void {
  struck.add(mark)
}

export async function upAgain(state: EndedState, context: Pick<Context<EndedState>, 'mark' | 'log'>): Promise<void> {
  await startAgain(state, context)
  struck.delete(context.mark)
}

export async function lookOnceDown(state: EndedState, context: Pick<Context<EndedState>, 'mark'>): Promise<Look> {
  const seen = await lookAtEnded(state, context)
  if (seen.active || seen.died !== undefined || !struck.has(context.mark)) return seen
  const startedAt = (await inspect(state))?.State.StartedAt
  if (startedAt === undefined || startedAt === state.startedAt) return { active: false, seen: `${state.name} still runs as before` }
  return { active: true, seen: `${state.name} ended, and runs again since ${startedAt.slice(0, 19)}` }
}
