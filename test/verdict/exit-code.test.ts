import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitCode, rollbackWord } from '../../src/verdict/exit-code.ts'
import { rollbackOutcome } from '../../src/verdict/rollback-outcome.ts'
import { change } from './runs.ts'

test('the outcome gives the exit status, unless something may be left behind', () => {
  for (const [outcome, exit] of [
    ['passed', 0],
    ['failed', 1],
    ['inconclusive', 3],
    ['aborted', 4],
    ['error', 5],
  ] as const) {
    assert.equal(exitCode({ outcome }, [{ state: 'verified' }, { state: 'nothing to undo' }]), exit)
    assert.equal(exitCode({ outcome }, [{ state: 'changed by others' }]), 5)
    assert.equal(exitCode({ outcome }, [{ state: 'changed by others' }, { state: 'unverified' }]), 6)
    assert.equal(exitCode({ outcome }, [{ state: 'stuck' }]), 6)
    assert.equal(exitCode({ outcome }, [{ state: 'active' }]), 6, 'a sweep that could not work')
  }
})

test('the least sure change speaks for all', () => {
  const state = (...states: Parameters<typeof change>[0][]) => rollbackOutcome(states.map((more) => change(more))).state
  assert.equal(state({ state: 'verified' }, { state: 'nothing to undo' }), 'verified')
  assert.equal(state({ state: 'verified' }, { state: 'handed over' }), 'handed over')
  assert.equal(state({ state: 'handed over' }, { state: 'changed by others' }), 'changed by others')
  assert.equal(state({ state: 'changed by others' }, { state: 'undoing' }), 'unverified')
  assert.equal(state({ state: 'unverified' }, { state: 'stuck' }), 'stuck')
  assert.equal(state({ state: 'planned' }), 'none')
  const never = rollbackOutcome([{ ...change({ state: 'nothing to undo' }), injectedAt: undefined } as never])
  assert.deepEqual([never.state, never.sentence], ['none', 'nothing was changed'], 'what was never injected is no change')
  assert.equal(rollbackWord([{ state: 'verified' }, { state: 'stuck' }]), 'stuck')
})
