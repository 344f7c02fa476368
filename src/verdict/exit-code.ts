import type { ChangeRecord } from '../records/run-data.ts'
import type { Outcome, Verdict } from './verdict.ts'

const byOutcome: Record<Outcome, 0 | 1 | 3 | 4 | 5> = { passed: 0, failed: 1, inconclusive: 3, aborted: 4, error: 5 }

const unsure: readonly ChangeRecord['state'][] = ['injecting', 'active', 'undoing', 'unverified', 'stuck']

/**
 * The process exit status of a run: 6 > 5 > 4 > 1 > 3 > 0.
 * 6: nobody has seen a change undone. 5: error, or others changed what Squall had changed.
 */
export function exitCode(verdict: Pick<Verdict, 'outcome'>, changes: readonly Pick<ChangeRecord, 'state'>[]): 0 | 1 | 3 | 4 | 5 | 6 {
  if (changes.some(({ state }) => unsure.includes(state))) return 6
  if (changes.some(({ state }) => state === 'changed by others')) return 5
  return byOutcome[verdict.outcome]
}

/** One word for lists: how the rollback ended, the least sure change first. */
export function rollbackWord(changes: readonly Pick<ChangeRecord, 'state'>[]): string {
  const order = ['stuck', 'unverified', 'undoing', 'active', 'injecting', 'changed by others', 'handed over', 'verified'] as const
  return order.find((state) => changes.some((change) => change.state === state)) ?? 'nothing to undo'
}
