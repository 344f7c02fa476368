import type { ChangeRecord } from '../records/run-data.ts'
import type { RollbackOutcome } from './verdict.ts'

/** The rollback as a field of its own: the least sure change speaks for all. A change that has not ended is not sure. */
export function rollbackOutcome(changes: readonly ChangeRecord[]): RollbackOutcome {
  // What was never injected is no change, whatever the guardian then called it.
  const done = changes.filter(({ state, injectedAt }) => state !== 'planned' && (state !== 'nothing to undo' || injectedAt !== undefined))
  const list = done.map(({ fault, target, state }) => ({ fault, target, state }))
  const among = (...states: ChangeRecord['state'][]): typeof list => list.filter(({ state }) => states.includes(state))
  const names = (of: typeof list): string => of.map(({ fault, target }) => `${fault} at ${target}`).join(', ')
  const stuck = among('stuck')
  if (stuck.length > 0) return { state: 'stuck', changes: list, sentence: `not undone yet, still trying: ${names(stuck)}` }
  const unsure = among('unverified', 'injecting', 'active', 'undoing')
  if (unsure.length > 0) return { state: 'unverified', changes: list, sentence: `nobody has seen it undone: ${names(unsure)}` }
  const others = among('changed by others')
  if (others.length > 0)
    return { state: 'changed by others', changes: list, sentence: `changed by others meanwhile, left as it is: ${names(others)}` }
  const handed = among('handed over')
  if (handed.length > 0) return { state: 'handed over', changes: list, sentence: `handed over as the document asked: ${names(handed)}` }
  if (list.length === 0) return { state: 'none', changes: list, sentence: 'nothing was changed' }
  if (list.every(({ state }) => state === 'nothing to undo'))
    return { state: 'none', changes: list, sentence: 'nothing to undo: over once done' }
  return { state: 'verified', changes: list, sentence: 'everything is back, looked at twice' }
}
