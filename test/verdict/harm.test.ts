import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { judge } from '../../src/verdict/judge.ts'
import type { Harm } from '../../src/verdict/verdict.ts'
import { absolute, errorRate, length, measure, p99, readings, run, type Story, throughput, times } from './runs.ts'

const harmOf = (story: Story): Harm => {
  const { harm } = judge(run(story))
  assert.ok(harm)
  return harm
}

test('seconds out of bounds are those beyond the bound of their phase, by measure', () => {
  const harm = harmOf({
    measures: [
      p99({ fault: absolute(300, '300ms'), recovery: times(1.5, 5) }),
      errorRate({ fault: absolute(0.05, '5%'), recovery: times(1.5, 0.005) }),
    ],
    fault: { errors: (i) => (i < 6 ? 30 : 0), latency: (i) => (i >= 4 && i < 9 ? 400 : 50) },
    recovery: { errors: (i) => (i < 3 ? 10 : 0) },
  })
  assert.equal(harm.requests, 6 * 30 + 3 * 10)
  assert.deepEqual(harm.outOfBounds, {
    seconds: 9 + 3,
    of: 2 * length,
    measures: [
      { measure: 'error_rate', seconds: 9 },
      { measure: 'latency_p99', seconds: 5 },
    ],
  })
  assert.equal(
    harm.sentence,
    'about 210 requests went wrong that would not have, in 9 seconds; out of bounds for 12 of 40 seconds (error_rate 9 s, latency_p99 5 s); the worst second at +20 s with 60 % errors',
  )
})

test('within the bounds there are no seconds out of them, however many requests failed', () => {
  const harm = harmOf({ measures: [errorRate({ fault: absolute(0.5, '50%') })], fault: { errors: 10 } })
  assert.deepEqual(harm.outOfBounds, { seconds: 0, of: 40, measures: [] })
  assert.equal(harm.seconds, 20)
})

test('what a bound grants before its `after` is not out of bounds', () => {
  const harm = harmOf({
    measures: [errorRate({ fault: absolute(0.05, '5% after 8s', 8000) })],
    fault: { errors: (i) => (i < 10 ? 50 : 0) },
  })
  assert.equal(harm.outOfBounds.seconds, 2)
})

test('single errors that the baseline has too are chance', () => {
  const sparse = { errors: (i: number) => (i % 4 === 0 ? 1 : 0) }
  const harm = harmOf({ measures: [errorRate({ recovery: times(1.5, 0.005) })], baseline: sparse, fault: sparse, recovery: sparse })
  assert.equal(harm.outOfBounds.seconds, 0)
})

test('good answers and readings of a source have their seconds too; without load nobody counts requests', () => {
  const fewer = harmOf({ measures: [throughput({ fault: absolute(45, '45/s') })], fault: { errors: (i) => (i < 4 ? 10 : 0) } })
  assert.deepEqual(fewer.outOfBounds.measures, [{ measure: 'throughput', seconds: 4 }])
  const primaries = measure('primaries', { kind: 'level' }, 'count', {}, { fault: absolute(1) }, 'db')
  const samples = { primaries: readings((i) => (i >= 22 && i < 27 ? 0 : 1)) }
  const { traffic: _none, ...rest } = run({ measures: [primaries] }).experiment
  const dark = harmOf({ measures: [primaries], samples, data: { experiment: rest, traffic: [] } })
  assert.deepEqual(dark.outOfBounds.measures, [{ measure: 'primaries', seconds: 5 }])
  assert.equal(dark.requests, null)
  assert.equal(dark.sentence, 'out of bounds for 5 of 40 seconds (primaries 5 s)')
})

test('more harm is never less: requests, seconds, seconds out of bounds', () => {
  const errors = fc.array(fc.nat({ max: 50 }), { minLength: length, maxLength: length })
  const measures = [errorRate({ fault: absolute(0.1, '10%'), recovery: times(1.5, 0.005) }), throughput({ fault: times(0.9) })]
  fc.assert(
    fc.property(errors, fc.nat({ max: length - 1 }), fc.integer({ min: 1, max: 20 }), (counts, at, more) => {
      const story = (of: readonly number[]): Story => ({ measures, fault: { errors: (i) => of[i] ?? 0 } })
      const [less, worse] = [harmOf(story(counts)), harmOf(story(counts.map((count, i) => (i === at ? count + more : count))))]
      assert.ok((worse.requests ?? 0) >= (less.requests ?? 0))
      assert.ok((worse.seconds ?? 0) >= (less.seconds ?? 0))
      assert.ok(worse.outOfBounds.seconds >= less.outOfBounds.seconds)
    }),
    { numRuns: 100 },
  )
})
