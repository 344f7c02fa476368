import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { documentCatalogue } from '../../src/catalogue.ts'
import { loadDocumentText } from '../../src/document/load.ts'
import { judge, judgePrecision } from '../../src/verdict/judge.ts'
import { noiseAt, noiseOf, typicalNoise } from '../../src/verdict/noise.ts'
import { reachOfSeries, reachOfShares } from '../../src/verdict/power.ts'
import { rememberedPrecision, typicalPrecision } from '../../src/verdict/precision.ts'
import type { Precision } from '../../src/verdict/verdict.ts'
import { absolute, errorRate, experiment, measure, p99, readings, run, throughput, times } from './runs.ts'

const alpha = { breached: 0.05, held: 0.05 }
const planned = (factor: number, seconds: number, rate = 50) =>
  experiment([p99({ recovery: times(factor, 5) }), errorRate({ recovery: times(1.5, 0.005) }), throughput({ recovery: times(0.9) })], {
    phases: { warmup: 0, baseline: seconds * 1000, fault: 60_000, recovery: seconds * 1000 },
    traffic: { rate, requests: [], timeout: 2000, ok: { status: [] } },
  })
const of = (list: readonly Precision[], name: string): Precision => {
  const found = list.find((one) => one.measure === name)
  assert.ok(found, `nothing about ${name}`)
  return found
}

test('the formula of the intervals: independent values', () => {
  // t(0.95, 58) = 1.6716, z(0.8) = 0.8416: (1.6716 + 0.8416) · 1.02 · 0.2 · √(2/30)
  const { finds, proves } = reachOfSeries({ spread: 0.2, correlation: 0 }, [30, 30], alpha)
  assert.ok(Math.abs(proves - 0.13238) < 1e-4, String(proves))
  assert.equal(finds(), proves)
  assert.ok(reachOfSeries({ spread: 0.2, correlation: 0.5 }, [30, 30], alpha).proves > proves * 1.7)
  assert.equal(reachOfSeries({ spread: 0.2, correlation: 0.85 }, [12, 12], alpha).proves, Number.POSITIVE_INFINITY)
})

test('shares: without any error the proof is as good as the number of requests', () => {
  const { finds, proves } = reachOfShares({ p: 0, n: 3000, deff: 1 }, [3000, 3000], 0.005, alpha)
  assert.ok(Math.abs(proves - 2.7055 / 3002.7) < 1e-5, String(proves))
  assert.ok(finds() > 0 && finds() < 0.01, String(finds()))
  assert.equal(reachOfShares({ p: 0, n: 3, deff: 1 }, [3, 3], 0.999, alpha).finds(), Number.POSITIVE_INFINITY)
})

test('a plan for the default bound finds about a doubling and proves it easily', () => {
  const list = typicalPrecision(planned(1.5, 60))
  const latency = of(list, 'latency_p99')
  assert.equal(latency.enough, true)
  assert.ok((latency.finds ?? 0) > 1.6 && (latency.finds ?? 0) < 2.1, String(latency.finds))
  assert.ok((latency.proves ?? 0) > 1.1 && (latency.proves ?? 0) < 1.3, String(latency.proves))
  assert.match(latency.sentence, /^latency_p99 after the fault: this plan can find ≥ \+\d+(\.\d)? %, can prove ≤ \+\d+(\.\d)? %$/)
  assert.equal(of(list, 'error_rate').enough, true)
  // Nobody knows how many good answers a system that is not known gives.
  assert.ok(!list.some(({ measure: name }) => name === 'throughput'))
})

test('a plan that cannot prove its bound says how long would do, and that is true', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1.05, 1.1, 1.15, 1.2),
      fc.constantFrom(5, 20, 50, 200),
      fc.integer({ min: 30, max: 300 }),
      (factor, rate, seconds) => {
        const latency = typicalPrecision(planned(factor, seconds, rate)).find(({ measure: name }) => name === 'latency_p99')
        if (!latency || latency.enough) return
        const would =
          latency.wouldSuffice === null ? 'no length of the phases would do' : `about ${latency.wouldSuffice} s of each phase would do`
        assert.ok(latency.sentence.endsWith(`, the bound is +${Math.round(factor * 100 - 100)} %: ${would}`), latency.sentence)
        const provesAt = (length: number): number =>
          typicalPrecision(planned(factor, Math.ceil(length), rate)).find(({ measure: name }) => name === 'latency_p99')?.proves ?? 9
        if (latency.wouldSuffice === null) return
        // Intervals are cut in whole seconds: about so long, to a percentage point.
        for (const longer of [1, 1.2]) assert.ok(provesAt(latency.wouldSuffice * longer) < factor + 0.01, latency.sentence)
        assert.ok(provesAt(latency.wouldSuffice / 4) > factor, latency.sentence)
      },
    ),
    { numRuns: 400 },
  )
})

test('more time, more requests and a wider bound never make a plan worse', () => {
  const seconds = fc.integer({ min: 60, max: 600 })
  fc.assert(
    fc.property(fc.constantFrom(5, 20, 50), seconds, seconds, (rate, a, b) => {
      const [short, long] = [Math.min(a, b), Math.max(a, b)].map((length) => typicalPrecision(planned(1.2, length, rate)))
      const [less, more] = [short, long].map((list) => list?.find(({ measure: name }) => name === 'error_rate')?.proves ?? 1) as [
        number,
        number,
      ]
      assert.ok(more <= less + 1e-12)
    }),
    { numRuns: 60 },
  )
  const [narrow, wide] = [1.1, 1.5].map((factor) => of(typicalPrecision(planned(factor, 60)), 'latency_p99')) as [Precision, Precision]
  assert.equal(narrow.proves, wide.proves)
  assert.ok((narrow.finds ?? 0) < (wide.finds ?? 0))
})

test('noise: robust spread, correlation, and what more requests make of it', () => {
  assert.deepEqual(noiseOf([1, 1, 1, 1], 50), { spread: 0, correlation: 0, requests: 50 })
  const seen = noiseOf([1, 3, 2, 4, 3, 5, 100, 4], 50)
  assert.ok(seen.spread < 3, 'one burst does not count')
  const white = noiseAt({ spread: 0.2, correlation: 0, requests: 50 }, 200)
  assert.ok(Math.abs(white.spread - 0.1) < 1e-9)
  const slow = noiseAt({ spread: 0.2, correlation: 1, requests: 50 }, 200)
  assert.ok(Math.abs(slow.spread - 0.2) < 1e-9)
  assert.deepEqual(noiseAt({ spread: 0.2, correlation: 0.3, requests: 0 }, 50).spread, 0.2)
  assert.ok(typicalNoise(0.5, 50, 1).spread < typicalNoise(0.99, 50, 1).spread)
})

test('the run says the same from its own baseline, before the fault as after it', () => {
  const data = run({ baseline: { seconds: 60 }, recovery: { seconds: 60 } })
  data.experiment.phases = { warmup: 0, baseline: 60_000, fault: 20_000, recovery: 60_000 }
  const before = judgePrecision({ ...data, phases: data.phases.slice(0, 1), traffic: data.traffic.slice(0, 60) })
  assert.deepEqual(before, judge(data).precision)
  assert.deepEqual(
    before.map(({ measure: name, basis, enough }) => [name, basis, enough]),
    [
      ['latency_p99', 'baseline', true],
      ['error_rate', 'baseline', true],
      ['throughput', 'baseline', true],
    ],
  )
  assert.ok((of(before, 'throughput').finds ?? 1) <= 0.9)
})

test('a noisy baseline cannot prove a tight bound', () => {
  const restless = run({ measures: [p99({ recovery: times(1.1) })], baseline: { latency: (i) => (i % 2 === 0 ? 90 : 50) } })
  const [latency] = judgePrecision(restless)
  assert.equal(latency?.enough, false)
  assert.ok(judge(restless).precision.some(({ enough }) => !enough))
})

test('levels of sources have a noise too; fixed bounds and unreadable baselines have none', () => {
  const queue = measure('queue', { kind: 'level' }, 'count', { recovery: times(1.5) }, {}, 'db')
  const samples = { queue: readings((i) => 100 + (i % 7)) }
  assert.equal(judgePrecision(run({ measures: [queue], samples }))[0]?.measure, 'queue')
  assert.deepEqual(judgePrecision(run({ measures: [queue], samples: { queue: readings(() => null) } })), [])
  assert.deepEqual(judgePrecision(run({ measures: [p99({ recovery: absolute(300, '300ms') })] })), [])
  assert.deepEqual(judgePrecision(run({ measures: [errorRate({ recovery: times(1.5, 0.005) })], baseline: { suspect: [1, 2, 3] } })), [])
})

test('what an earlier run knew is used at another rate; what it did not know is taken as usual', () => {
  const earlier = judge(run({ baseline: { latency: (i) => 50 + (i % 5) * 8 } })).precision.filter(
    ({ measure: name }) => name === 'latency_p99',
  )
  const plan = planned(1.5, 60, 100)
  const list = rememberedPrecision(plan, earlier)
  assert.equal(of(list, 'latency_p99').basis, 'an earlier run')
  assert.equal(of(list, 'error_rate').basis, 'typical noise')
  assert.notEqual(of(list, 'latency_p99').proves, of(typicalPrecision(plan), 'latency_p99').proves)
})

test('the document is warned of at its bound, or at the phase when nobody wrote the bound', () => {
  const text = (measures: string, rate: string): string => `name: tight
hypothesis: it holds
environment: test
traffic: { url: http://localhost/, rate: ${rate} }
${measures}
phases: { baseline: 60s, fault: 60s, recovery: 60s }
faults: [{ type: pause, target: { process: x } }]
`
  const warned = (document: string): [string, number][] => {
    const loaded = loadDocumentText(document, 'tight.yaml', { catalogue: documentCatalogue })
    assert.ok(loaded.ok)
    return loaded.warnings.map(({ code, line }) => [code, line])
  }
  assert.deepEqual(warned(text('measures: { latency_p99: { max: { recovery: 1.05x } } }', '50/s')), [['precision-too-low', 5]])
  assert.deepEqual(warned(text('', '5/s')), [['precision-too-low', 6]])
  assert.deepEqual(warned(text('', '50/s')), [])
})
