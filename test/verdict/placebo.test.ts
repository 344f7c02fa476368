import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Trials } from '../../src/records/stored-run.ts'
import { exitCode } from '../../src/verdict/exit-code.ts'
import { falseAlarms, ranksAmongPlacebos, trialsOf } from '../../src/verdict/false-alarms.ts'
import { judge } from '../../src/verdict/judge.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { change, run, type Story } from './runs.ts'

/** The guardian had it planned and never injected it. */
function placebo(story: Story = {}): Verdict {
  const {
    injectedAt: _injected,
    activeAt: _active,
    undoAt: _undo,
    inactiveAt: _inactive,
    ...never
  } = change({ state: 'nothing to undo', looks: [] })
  return judge(run({ ...story, data: { placebo: true, changes: [never], ...story.data } }))
}

test('a placebo run that finds nothing is no passed experiment', () => {
  const verdict = placebo()
  assert.equal(verdict.outcome, 'inconclusive')
  assert.equal(exitCode(verdict, []), 3)
  assert.deepEqual(verdict.placebo, { alarm: 'no', sentence: 'Placebo, nothing was injected: no false alarm' })
  assert.equal(verdict.because, verdict.placebo?.sentence)
  assert.deepEqual(verdict.faults, [], 'a fault that was not to be there is not missed')
  assert.equal(verdict.rollback.sentence, 'nothing was changed')
})

test('a placebo run that finds something is a false alarm, and no failed experiment', () => {
  const verdict = placebo({ recovery: { latency: 120 } })
  assert.equal(verdict.outcome, 'inconclusive')
  assert.equal(verdict.placebo?.alarm, 'yes')
  assert.match(verdict.because, /^Placebo, nothing was injected: false alarm: latency_p99 after the fault was \+14\d %/)
})

test('a guard that stops a placebo run is a false alarm of the guard; other stops and doubts tell nothing', () => {
  const abort = { why: 'error_rate is 95 %', breached: true, at: 23_000 }
  const guarded = placebo({ data: { abort: { ...abort, by: 'guard' } } })
  assert.deepEqual([guarded.outcome, guarded.placebo?.alarm], ['aborted', 'yes'])
  assert.equal(guarded.because, 'Aborted (guard), a placebo, nothing was injected: error_rate is 95 %')
  assert.equal(placebo({ data: { abort: { ...abort, by: 'operator' } } }).placebo?.alarm, "can't tell")
  assert.equal(placebo({ data: { error: { code: 'internal', message: 'broken' } } }).placebo?.alarm, "can't tell")
  assert.equal(placebo({ baseline: { errors: 50 } }).placebo?.alarm, "can't tell")
  assert.equal(placebo({ recovery: { suspect: [1, 2, 3, 4] } }).placebo?.alarm, "can't tell")
})

test('a real run says nothing of a placebo, and its baseline is a trial all the same', () => {
  assert.equal(judge(run()).placebo, undefined)
  assert.deepEqual(trialsOf(judge(run({ baseline: { seconds: 60 } }))), { halves: 'quiet' })
  assert.deepEqual(trialsOf(judge(run())), { halves: null })
})

test('a placebo run keeps what each comparison came to', () => {
  const { placebo: kept } = trialsOf(placebo({ recovery: { latency: 60 } }))
  assert.equal(kept?.result, 'quiet')
  assert.ok(Math.abs((kept?.shifts['latency_p99 recovery max ratio'] ?? 0) - 1.2) < 0.05)
})

test('the observed rate of false alarms, with its interval', () => {
  const trials: Trials[] = [
    ...Array.from({ length: 38 }, (): Trials => ({ halves: 'quiet' })),
    { halves: 'alarm' },
    { halves: null },
    ...Array.from({ length: 3 }, (): Trials => ({ halves: null, placebo: { result: 'quiet', shifts: {} } })),
  ]
  const found = falseAlarms('checkout', trials)
  assert.deepEqual(
    [found?.placebo, found?.halves],
    [
      { alarms: 0, of: 3 },
      { alarms: 1, of: 39 },
    ],
  )
  assert.equal(
    found?.sentence,
    'false alarms about checkout: 1 of 42 comparisons in which nothing was injected, 2.38 % [0.422, 12.3] (0 of 3 placebo runs; 1 of 39 baselines, second half against first)',
  )
  assert.equal(falseAlarms('checkout', [{ halves: null }]), null)
})

test('with nineteen placebo runs a run has its rank among them; with fewer it has none', () => {
  const verdict = judge(run({ recovery: { latency: 100 } }))
  const shifted = (shift: number): Trials => ({
    halves: null,
    placebo: { result: 'quiet', shifts: { 'latency_p99 recovery max ratio': shift } },
  })
  const nineteen = Array.from({ length: 19 }, (_, i) => shifted(1 + i / 100))
  const [rank] = ranksAmongPlacebos(verdict, nineteen)
  assert.deepEqual([rank?.asFar, rank?.of, rank?.p], [0, 19, 0.05])
  assert.equal(rank?.sentence, 'latency_p99 after the fault: 0 of 19 placebo runs moved as far (p = 0.05)')
  assert.equal(ranksAmongPlacebos(verdict, [...nineteen.slice(1), shifted(3)])[0]?.p, 0.1)
  assert.deepEqual(ranksAmongPlacebos(verdict, nineteen.slice(1)), [])
  // Fewer good answers is the bad direction.
  const slower = judge(run({ recovery: { errors: 10 } }))
  const key = 'throughput recovery min ratio'
  const goods = Array.from(
    { length: 19 },
    (_, i): Trials => ({ halves: null, placebo: { result: 'quiet', shifts: { [key]: 0.99 + i / 1000 } } }),
  )
  assert.equal(ranksAmongPlacebos(slower, goods)[0]?.asFar, 0)
})
