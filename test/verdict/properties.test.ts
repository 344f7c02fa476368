import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RunData, Sample, TrafficSecond } from '../../src/records/run-data.ts'
import { judge, judgeSteady } from '../../src/verdict/judge.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { absolute, change, errorRate, length, measure, p99, run, throughput, times } from './runs.ts'

const measures = () => [
  p99({ baseline: absolute(400, '400ms'), fault: absolute(300, '300ms'), recovery: times(1.5, 5) }),
  errorRate({ fault: absolute(0.1, '10%'), recovery: times(1.5, 0.005) }),
  throughput({ recovery: times(0.9) }),
]

const going = fc.record({
  latency: fc
    .tuple(
      fc.constantFrom(20, 50, 120),
      fc.array(fc.double({ min: 0.8, max: 1.25, noNaN: true }), { minLength: length, maxLength: length }),
    )
    .map(
      ([base, factors]) =>
        (i: number) =>
          base * (factors[i] ?? 1),
    ),
  errors: fc
    .array(fc.nat({ max: 6 }), { minLength: length, maxLength: length })
    .map((counts) => (i: number) => Math.max(0, (counts[i] ?? 0) - 4)),
  suspect: fc.subarray([2, 7, 11, 15], { maxLength: 3 }),
})
const runs = fc.record({ baseline: going, fault: going, recovery: going }).map((story) => run({ ...story, measures: measures() }))

test('the same data give the same verdict, before and after JSON', () => {
  fc.assert(
    fc.property(runs, (data) => {
      const verdict = judge(data)
      assert.deepEqual(judge(data), verdict)
      assert.deepEqual(JSON.parse(JSON.stringify(verdict)), verdict)
      assert.deepEqual(judge(JSON.parse(JSON.stringify(data))), verdict)
    }),
    { numRuns: 60 },
  )
})

const badness: Record<Verdict['outcome'], number> = { passed: 0, inconclusive: 1, failed: 2, aborted: 3, error: 3 }

test('more harm during or after the fault never improves the outcome', () => {
  const harm = fc.record({
    phase: fc.constantFrom('fault', 'recovery') as fc.Arbitrary<'fault' | 'recovery'>,
    kind: fc.constantFrom('errors', 'latency'),
    much: fc.double({ min: 1.5, max: 10, noNaN: true }),
  })
  fc.assert(
    fc.property(runs, harm, (data, { phase, kind, much }) => {
      const window = data.phases.find((candidate) => candidate.phase === phase)
      const inside = ({ t }: TrafficSecond): boolean => window !== undefined && t * 1000 >= window.from && t * 1000 < window.to
      const worse = { ...data, traffic: data.traffic.map((second) => (inside(second) ? harmed(second, kind, much) : second)) }
      const [before, after] = [judge(data), judge(worse)]
      assert.ok(badness[after.outcome] >= badness[before.outcome], `${before.because} → ${after.because}`)
    }),
    { numRuns: 80 },
  )
})

/** The same harm all over the phase: every request slower by the factor, or that part of the good answers failed. */
function harmed(second: TrafficSecond, kind: string, much: number): TrafficSecond {
  if (kind === 'latency') return { ...second, latencies: second.latencies.map((latency) => latency * much) }
  const more = Math.floor(second.ok * (1 - 1 / much))
  return { ...second, ok: second.ok - more, error: second.error + more }
}

test('a run that lacks data never passes by losing more of it', () => {
  const lost = fc.record({ phase: fc.nat({ max: 2 }), from: fc.nat({ max: length - 3 }), more: fc.subarray([...Array(3 * length).keys()]) })
  fc.assert(
    fc.property(runs, lost, (data, { phase, from, more }) => {
      // Three seconds of twenty in one phase are too many; whatever else is lost does not mend that.
      const gone = new Set([0, 1, 2].map((i) => phase * length + from + i))
      const holed = { ...data, traffic: data.traffic.filter(({ t }) => !gone.has(t)) }
      const rest = { ...holed, traffic: holed.traffic.filter(({ t }) => !more.includes(t)) }
      assert.notEqual(judge(holed).outcome, 'passed')
      assert.notEqual(judge(rest).outcome, 'passed')
    }),
    { numRuns: 60 },
  )
})

const anyNumber = fc.oneof(fc.double(), fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e308))
const oddSecond: fc.Arbitrary<TrafficSecond> = fc.record({
  t: fc.integer({ min: -2, max: 70 }),
  planned: anyNumber,
  ok: anyNumber,
  error: anyNumber,
  timeout: anyNumber,
  notSent: anyNumber,
  latencies: fc.array(anyNumber, { maxLength: 30 }),
  lagP99: anyNumber,
  suspect: fc.boolean(),
  reasons: fc.constant({}),
})
const oddSample: fc.Arbitrary<Sample> = fc.oneof(
  fc.record({ at: anyNumber, value: anyNumber }),
  fc.record({ at: anyNumber, bad: anyNumber, total: anyNumber }),
  fc.record({ at: anyNumber, buckets: fc.array(fc.tuple(anyNumber, anyNumber), { maxLength: 4 }) }),
  fc.record({ at: anyNumber, missing: fc.string() }),
)
const oddRun: fc.Arbitrary<RunData> = fc
  .record({
    traffic: fc.array(oddSecond, { maxLength: 70 }),
    samples: fc.array(oddSample, { maxLength: 70 }),
    phases: fc.array(
      fc.record({
        phase: fc.constantFrom('baseline', 'fault', 'recovery', 'rollback') as fc.Arbitrary<RunData['phases'][number]['phase']>,
        from: fc.nat({ max: 60_000 }),
        to: fc.nat({ max: 70_000 }),
      }),
      { maxLength: 5 },
    ),
    startedAt: fc.oneof(fc.constant('2026-01-01T00:00:00.000Z'), fc.string()),
  })
  .map(({ samples, ...more }) => ({
    ...run({
      measures: [...measures(), measure('db', { kind: 'level' }, 'count', { fault: absolute(1), recovery: times(1.5) }, {}, 'db')],
    }),
    samples: { db: samples },
    changes: [change()],
    ...more,
  }))

test('whatever the data, there is a verdict, it survives JSON, and it is no pass without proof', () => {
  fc.assert(
    fc.property(oddRun, (data) => {
      const verdict = judge(data)
      assert.notEqual(verdict.outcome, 'passed')
      assert.deepEqual(JSON.parse(JSON.stringify(verdict)).cells, JSON.parse(JSON.stringify(verdict.cells)))
      assert.equal(typeof verdict.because, 'string')
      assert.ok(!/NaN|undefined/.test(JSON.stringify(verdict.cells.map(({ sentence }) => sentence))), JSON.stringify(verdict.cells))
      assert.equal(typeof (judgeSteady(data) ?? ''), 'string')
    }),
    { numRuns: 150 },
  )
})

test('zero errors never fail, whatever the rate and the length', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 60 }),
      (rate, before, after) => {
        const verdict = judge(run({ baseline: { rate, seconds: before }, recovery: { rate, seconds: after } }))
        assert.notEqual(verdict.outcome, 'failed', verdict.because)
      },
    ),
    { numRuns: 60 },
  )
})
