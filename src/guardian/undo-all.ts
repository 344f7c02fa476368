/** Undoing many changes: in reverse order, each by itself, none held up for long by another. */
import type { ChangeState } from '../records/run-data.ts'
import { sleep } from '../system/clock.ts'
import { type Engine, type Held, setState, undoChange } from './change.ts'
import { endStates } from './protocol.ts'

const undoing = new WeakMap<Held, Promise<ChangeState>>()

/** Starts the undo of one change, once: who asks again gets the one under way. */
export function undoOnceOnly(engine: Engine, held: Held): Promise<ChangeState> {
  if (endStates.has(held.at)) return Promise.resolve(held.at)
  const known = undoing.get(held)
  if (known) return known
  const promise = held.at === 'planned' ? neverInjected(engine, held) : undoChange(engine, held)
  undoing.set(held, promise)
  // After an hour of trying in vain the next who asks starts anew.
  const forget = (): void => void undoing.delete(held)
  void promise.then((end) => endStates.has(end) || forget(), forget)
  return promise
}

async function neverInjected(engine: Engine, held: Held): Promise<ChangeState> {
  held.stopInjecting.abort()
  await setState(engine, held, 'nothing to undo', 'it was never injected')
  return held.at
}

/**
 * Undoes groups (faults) last first. The next group waits for the one before at most `stagger` ms: an undo that hangs must not
 * keep another from happening. Resolves when all have come to an end, which for a stuck one is an hour away.
 */
export async function undoGroups(engine: Engine, groups: readonly (readonly Held[])[], stagger: number): Promise<void> {
  const all: Promise<unknown>[] = []
  for (const group of groups.toReversed()) {
    const ends = Promise.all(group.map((held) => undoOnceOnly(engine, held)))
    all.push(ends)
    for (let waited = 0; waited < stagger && !group.every((held) => held.gone || endStates.has(held.at)); waited += 10) await sleep(10)
  }
  await Promise.all(all)
}
