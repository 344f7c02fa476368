/** A fault in this test's hands: planned, with the context that a guardian would give. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AnyInjector, Change, Context, Json, Look, Target } from '../../../src/faults/injector.ts'

export const here: Target = { place: 'host', id: 'local', name: 'this host', facts: {} }

export interface Planned {
  change: Change<Json>
  mark: string
  inject(): Promise<void>
  look(): Promise<Look>
  rollback(): Promise<void>
}

let runs = 0

export async function planned(
  injector: AnyInjector,
  spec: unknown,
  { target = here, lasts = 60_000 }: { target?: Target; lasts?: number } = {},
): Promise<Planned> {
  const mark = `test-${process.pid}-${++runs}/${injector.type}`
  const context: Context<Json> = {
    mark,
    deadline: new Date(Date.now() + lasts),
    signal: new AbortController().signal,
    folder: '/',
    log: () => {},
    secret: (name) => Promise.reject(new Error(`no secret ${name}`)),
    random: () => 0.5,
    save: () => sleep(0),
  }
  const change = await injector.plan(spec, target, context)
  return {
    change,
    mark,
    inject: () => injector.inject(change.state, context),
    look: () => injector.look(change.state, context),
    rollback: () => injector.rollback(change.state, context),
  }
}
