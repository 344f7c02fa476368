import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chance } from '../../bench/verdict/random.ts'
import { runData } from '../../bench/verdict/run-data.ts'
import { tell } from '../../bench/verdict/worlds.ts'
import type { RunData } from '../../src/records/run-data.ts'
import { type Contrast, contrasts } from '../../src/verdict/contrast.ts'
import { fabricatedData } from '../report/fabricated.ts'

/** The same run with another system: `slower` times the latency, and nothing times out when `mended`. */
function changed(data: RunData, { slower = 1, mended = false }): RunData {
  const traffic = data.traffic.map((second) => {
    const latencies = second.latencies.map((latency) => (latency >= 1000 ? (mended ? 12 : latency) : latency * slower))
    return { ...second, latencies, ...(mended && { ok: second.ok + second.timeout, timeout: 0 }) }
  })
  return { ...data, traffic }
}

function of(found: readonly Contrast[], measure: string, phase: Contrast['phase']): Contrast {
  const one = found.find((each) => each.measure === measure && each.phase === phase)
  assert.ok(one)
  return one
}

describe('two runs', () => {
  test('of one system hardly ever show a difference: at most 1 pair in 20 by promise', () => {
    const pairs = Array.from({ length: 60 }, (_, n) => contrasts(fabricatedData(2 * n + 100), fabricatedData(2 * n + 101)))
    const wrong = pairs.filter((found) => found.some((each) => each.found === 'higher' || each.found === 'lower'))
    assert.ok(wrong.length <= 6, `${wrong.length} of ${pairs.length}`)
    assert.equal(of(pairs[0] ?? [], 'error_rate', 'fault').found, 'no difference shown')
  })

  test('of a system whose latency wanders over half a minute are not called different', () => {
    const world = { noise: { time: 30, size: 0.15 } }
    const story = { rate: 50, window: 60, gap: 60, slower: 0, moreErrors: 0, errors: 0.005 }
    const run = (seed: number): RunData => runData({ name: '', story, factor: 1.5, targets: {} }, tell(world, story, chance(seed)))
    const pairs = Array.from({ length: 30 }, (_, n) => contrasts(run(2 * n), run(2 * n + 1)))
    const wrong = pairs.filter((found) => found.some((each) => each.found === 'higher' || each.found === 'lower'))
    assert.ok(wrong.length <= 4, `${wrong.length} of ${pairs.length}`)
  })

  test('of a system and its cure show what was mended, with an interval that is all beyond the margin', () => {
    const found = contrasts(fabricatedData(1), changed(fabricatedData(2), { mended: true }))
    const errors = of(found, 'error_rate', 'fault')
    assert.equal(errors.found, 'lower')
    assert.ok((errors.interval[1] ?? 0) < -0.3, String(errors.interval))
    assert.deepEqual([of(found, 'latency_p99', 'fault').found, of(found, 'throughput', 'fault').found], ['lower', 'higher'])
    assert.deepEqual(of(found, 'latency_p99', 'fault').cut, { a: true, b: false })
    assert.equal(of(found, 'error_rate', 'recovery').found, 'no difference shown')
  })

  test('a slower system is shown slower by about as much as it is, the other way round as much faster', () => {
    const [a, b] = [fabricatedData(1), changed(fabricatedData(2), { slower: 1.5 })]
    const slower = of(contrasts(a, b), 'latency_p50', 'baseline')
    assert.equal(slower.found, 'higher')
    assert.equal(slower.scale, 'ratio')
    assert.ok(Math.abs((slower.estimate ?? 0) - 1.5) < 0.05, String(slower.estimate))
    const faster = of(contrasts(b, a), 'latency_p50', 'baseline')
    assert.ok(Math.abs((faster.estimate ?? 0) * (slower.estimate ?? 0) - 1) < 1e-9)
  })

  test('what is missing shows nothing: neither a difference nor its absence', () => {
    const short = fabricatedData(2)
    short.traffic = short.traffic.filter(({ t }) => t < 65 || t > 100)
    const found = contrasts(fabricatedData(1), short)
    const errors = of(found, 'error_rate', 'fault')
    assert.deepEqual([errors.found, errors.estimate], ["can't tell", null])
    assert.match(errors.why ?? '', /no trustworthy data/)
    assert.equal(of(found, 'pool_in_use', 'fault').found, "can't tell")
  })

  test('too short for an interval is no answer, whatever the numbers look like', () => {
    const brief = (seed: number, slower: number): RunData => {
      const data = changed(fabricatedData(seed), { slower })
      // A latency that only ever rises: no two of its points are independent.
      const traffic = data.traffic.map((second) => ({
        ...second,
        latencies: second.latencies.map((_, n) => slower * (10 + second.t + n / 100)),
      }))
      return { ...data, traffic, phases: data.phases.map((window) => ({ ...window, to: Math.min(window.to, window.from + 14_000) })) }
    }
    const found = of(contrasts(brief(1, 1), brief(2, 1.5)), 'latency_p50', 'baseline')
    assert.deepEqual([found.found, found.estimate], ["can't tell", null])
    assert.match(found.why ?? '', /too few independent points/)
  })

  test('values out of buckets differ only where their buckets do', () => {
    const withBuckets = (seed: number, edges: [number, number]): RunData => {
      const data = fabricatedData(seed)
      const at = data.phases.flatMap(({ from, to }) => Array.from({ length: Math.floor((to - from) / 1000) }, (_, n) => from + n * 1000))
      const samples = at.map((time, n) => ({
        at: time,
        buckets: [
          [edges[0], n % 3],
          [edges[1], 100],
        ] as [number, number][],
      }))
      const measures = data.experiment.measures.map((measure) => (measure.name === 'pool_in_use' ? { ...measure, quantile: 0.5 } : measure))
      return { ...data, experiment: { ...data.experiment, measures }, samples: { pool_in_use: samples } }
    }
    const found = (a: RunData, b: RunData): Contrast => of(contrasts(a, b), 'pool_in_use', 'fault')
    const overlapping = found(withBuckets(1, [10, 20]), withBuckets(2, [15, 30]))
    assert.deepEqual([overlapping.found, overlapping.why], ["can't tell", 'the buckets are too wide to tell'])
    assert.equal(found(withBuckets(1, [10, 20]), withBuckets(2, [30, 40])).found, 'higher')
    assert.equal(found(withBuckets(1, [30, 40]), withBuckets(2, [10, 20])).found, 'lower')
  })

  test('a phase that one run never had, and a measure that means something else, are no comparison', () => {
    const [a, b] = [fabricatedData(1), fabricatedData(2)]
    b.phases = b.phases.filter(({ phase }) => phase !== 'recovery')
    b.experiment = {
      ...b.experiment,
      measures: b.experiment.measures.map((measure) => (measure.name === 'pool_in_use' ? { ...measure, unit: 'ms' } : measure)),
    }
    const found = contrasts(a, b)
    assert.equal(of(found, 'error_rate', 'recovery').why, 'one of the runs has no such phase')
    assert.ok(!found.some(({ measure }) => measure === 'pool_in_use'))
  })
})
