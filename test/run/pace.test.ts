import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Measure } from '../../src/document/experiment.ts'
import { datadog } from '../../src/measures/datadog.ts'
import { endpoint } from '../../src/measures/endpoint.ts'
import { oneuptime } from '../../src/measures/oneuptime.ts'
import { longestLag, pacesOf, paceWarnings } from '../../src/run/pace.ts'
import { createStopper } from '../../src/run/stopper.ts'
import { absolute, experiment, measure, times } from '../verdict/runs.ts'

const phases = { warmup: 0, baseline: 60_000, fault: 120_000, recovery: 60_000 }
const p99 = (max: Measure['max']): Measure => measure('db_p99', { kind: 'level' }, 'ms', max, {}, 'db')

test('a comparison with baseline for which a source is too slow is told before the phases', () => {
  const compared = p99({ recovery: times(1.5) })
  assert.deepEqual(paceWarnings(compared, phases, { step: 15_000, lag: 15_000 }), [
    'db_p99 has a reading every 15 s: 4 in the baseline phase, 12 are needed for a comparison with baseline (180 s)',
    'db_p99 has a reading every 15 s: 4 in the recovery phase, 12 are needed for a comparison with baseline (180 s)',
  ])
  assert.deepEqual(paceWarnings(compared, phases, { step: 5000, lag: 15_000 }), [])
  assert.deepEqual(paceWarnings(p99({ fault: absolute(500) }), phases, { step: 15_000, lag: 15_000 }), [])
  assert.deepEqual(paceWarnings(compared, phases, undefined), [], 'asked each second')
})

test('a guard that sees late says how late', () => {
  const guarded = p99({ abort: { limit: { kind: 'absolute', value: 500 }, text: '500ms' } })
  assert.deepEqual(paceWarnings(guarded, phases, { step: 60_000, lag: 90_000 }), [
    'db_p99 has a reading every 60 s: its abort may come up to 210 s late',
  ])
  assert.deepEqual(paceWarnings(guarded, phases, { step: 1000, lag: 15_000 }), [])
})

test('the guard’s patience and the run’s deadline know the slowest source', () => {
  const poll = { rhythms: { db_p99: { step: 15_000, lag: 5000 } }, complete: async () => {}, stop: async () => {} }
  assert.deepEqual(pacesOf(poll), { db_p99: 35_000 })
  assert.deepEqual(pacesOf(null), {})
  const declared = experiment([], { sources: [endpoint, datadog].map(({ type }) => ({ name: type, type, config: {} })) })
  assert.equal(longestLag(declared, [endpoint, datadog, oneuptime]), datadog.lag)
})

test('late samples are waited for after an abort of the guard, and not when somebody wants to be gone', async () => {
  const abort = (by: 'guard' | 'operator') => ({ by, why: 'x', breached: true, at: 0 })
  const later = () => new Promise<string>((resolve) => setTimeout(resolve, 20, 'read'))
  const stopped = createStopper()
  stopped.stop(abort('guard'))
  assert.equal(await stopped.orStop(later()), null)
  assert.equal(await stopped.orLeave(later()), 'read')
  const leaving = createStopper()
  const waiting = leaving.orLeave(later())
  leaving.stop(abort('operator'))
  assert.equal(await waiting, null)
})
