import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Measure } from '../../src/document/experiment.ts'
import type { Sample } from '../../src/records/run-data.ts'
import { createGuard } from '../../src/verdict/guard.ts'
import { judge } from '../../src/verdict/judge.ts'
import { absolute, cellOf, experiment, measure, run, times } from './runs.ts'

/** p99 from buckets up to 100, 200, 400, 800 and 1600 ms: all requests in the bucket that ends at `edge`. */
function bucketsAt(edge: (second: number) => number): Sample[] {
  return Array.from({ length: 60 }, (_, i): Sample => {
    const buckets = [100, 200, 400, 800, 1600, Number.POSITIVE_INFINITY].map((le): [number, number] => [le, le >= edge(i) ? 100 : 0])
    return { at: i * 1000, buckets }
  })
}

const p99From = (max: Measure['max'], quantile?: number): Measure => ({
  ...measure('db_p99', { kind: 'level' }, 'ms', max, {}, 'db'),
  ...(quantile !== undefined && { quantile }),
})

const judged = (bound: Measure['max'], edge: (second: number) => number, phase: 'fault' | 'recovery') =>
  cellOf(judge(run({ measures: [p99From(bound, 0.99)], samples: { db_p99: bucketsAt(edge) } })), 'db_p99', phase)

test('a limit inside a bucket cannot be told from the readings; one outside can', () => {
  const fault = (limit: number) => judged({ fault: absolute(limit) }, () => 400, 'fault')
  assert.equal(fault(400).decision, 'held')
  assert.equal(fault(200).decision, 'breached')
  assert.equal(fault(300).decision, "can't tell")
  assert.match(fault(300).sentence, /the buckets, up to 200 ms wide, are too wide to tell/)
})

test('a quantile beyond the last bucket proves a breach of what lies below it, and nothing else', () => {
  const fault = (limit: number, edge = Number.POSITIVE_INFINITY) =>
    judged({ fault: absolute(limit) }, (i) => (i === 25 ? 100 : edge), 'fault')
  assert.equal(fault(1600).decision, 'breached')
  assert.match(fault(1600).sentence, /was 1\.6 s \[1600, ∞\]|was 1600 ms \[1600, ∞\]/)
  assert.equal(fault(2000).decision, "can't tell")
  const held = judged({ fault: { ...absolute(400), after: 5000 } }, (i) => (i < 30 ? Number.POSITIVE_INFINITY : 100), 'fault')
  assert.equal(held.heldFrom, 10_000)
  const rare = judged({ fault: absolute(2000) }, (i) => (i === 25 ? Number.POSITIVE_INFINITY : 100), 'fault')
  assert.equal(rare.why, 'some readings lie beyond the last bucket')
})

test('a comparison with baseline stands only when it does so at the adverse edges of the buckets', () => {
  const recovery = (edge: number) => judged({ recovery: times(1.5) }, (i) => (i < 40 ? 200 : edge), 'recovery')
  assert.equal(recovery(800).decision, 'breached')
  assert.equal(recovery(400).decision, "can't tell", '200 to 400 ms against 100 to 200 ms may be the same 200 ms')
  assert.equal(judged({ recovery: times(2.5) }, () => 200, 'recovery').decision, 'held')
})

test('buckets of a measure that names no quantile are no value', () => {
  const cell = cellOf(
    judge(run({ measures: [p99From({ fault: absolute(400) })], samples: { db_p99: bucketsAt(() => 200) } })),
    'db_p99',
    'fault',
  )
  assert.equal(cell.why, 'there are no readings')
})

test('a reading that sums up a time reaching back before the phase is no part of it', () => {
  const queue = measure('queue', { kind: 'level' }, 'count', { recovery: absolute(5) }, {}, 'db')
  const every4s = Array.from({ length: 15 }, (_, i): Sample => {
    const at = 2000 + i * 4000
    return { at, over: 4000, value: at > 20_000 && at <= 42_000 ? 9 : 1 }
  })
  const cell = cellOf(judge(run({ measures: [queue], samples: { queue: every4s } })), 'queue', 'recovery')
  assert.equal(cell.decision, 'held', 'the reading at 42 s speaks of 38 to 42 s')
  assert.equal(cell.n, 4)
  assert.equal(cell.missing, 0)
})

test('the guard reads buckets, and waits for a slow source as long as its pace is', () => {
  const guarded = { ...p99From({}, 0.99), max: { abort: { limit: { kind: 'absolute', value: 500 } as const, text: '500ms' } } }
  const { traffic: _, ...withoutTraffic } = experiment([guarded])
  const guardOf = () => createGuard(withoutTraffic, 60)
  const stops = (guard: ReturnType<typeof guardOf>, every: number, edge: number): [number, string] | null => {
    for (let second = 0; second <= 60; second++) {
      const sample = bucketsAt(() => edge)[0] as Sample
      const breach = guard.tick(null, second % every === 0 ? { db_p99: sample } : {}, true, second * 1000)
      if (breach) return [second, breach.by]
    }
    return null
  }
  assert.deepEqual(stops(guardOf(), 1, 800), [2, 'guard'], 'three readings in a row')
  assert.equal(stops(guardOf(), 1, 400), null)
  assert.deepEqual(stops(guardOf(), 1, Number.POSITIVE_INFINITY), [2, 'guard'], 'beyond the last bucket')
  assert.deepEqual(stops(guardOf(), 30, 400), [15, 'blind'])
  const patient = guardOf()
  patient.sourcePaces({ db_p99: 45_000 })
  assert.equal(stops(patient, 30, 400), null)
})
