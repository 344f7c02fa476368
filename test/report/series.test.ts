import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrafficSecond } from '../../src/records/run-data.ts'
import { sourceLine, trafficSeries } from '../../src/report/series.ts'
import { experiment, fabricatedData } from './fabricated.ts'

const second = (t: number, more: Partial<TrafficSecond> = {}): TrafficSecond => ({
  ...{ t, planned: 4, ok: 3, error: 1, timeout: 0, notSent: 0, latencies: [1, 2, 3, 4], lagP99: 0, suspect: false, reasons: {} },
  ...more,
})

test('a second becomes its quantiles, error share and good answers', () => {
  const series = trafficSeries([second(0)])
  assert.deepEqual(series, { step: 1, x: [0], p50: [2.5], p95: [4], p99: [4], errors: [0.25], goodput: [3] })
})

test('a second of full outage has an error share of 1 and a goodput of 0: that was measured', () => {
  const series = trafficSeries([second(0, { ok: 0, error: 0, timeout: 4 })])
  assert.deepEqual([series.errors, series.goodput], [[1], [0]])
})

test('a second in which nothing was sent has no share and no latency', () => {
  const series = trafficSeries([second(0, { ok: 0, error: 0, notSent: 4, latencies: [] })])
  assert.deepEqual([series.errors, series.p99], [[null], [null]])
})

test('a second in which Squall itself started late keeps its counts and loses its times, as for the judge', () => {
  const series = trafficSeries([second(0, { suspect: true, lagP99: 400 })])
  assert.deepEqual([series.errors, series.goodput, series.p99], [[0.25], [3], [null]])
})

test('a second for which nothing was planned has no throughput, not one of 0', () => {
  const series = trafficSeries([second(0, { planned: 0, ok: 0, error: 0, latencies: [] })])
  assert.deepEqual(series.goodput, [null])
})

test('a long run is shown in steps of several seconds, and a whole missing step is a gap', () => {
  const seconds = Array.from({ length: 4000 }, (_, t) => second(t)).filter(({ t }) => t < 1000 || t >= 1010)
  const series = trafficSeries(seconds)
  assert.equal(series.step, 5)
  assert.equal(series.x.length, 800)
  assert.deepEqual(series.goodput.slice(199, 203), [3, null, null, 3])
})

test('a long source line keeps its extremes and its gaps when it is thinned', () => {
  const measure = experiment.measures.find(({ name }) => name === 'pool_in_use')
  assert.ok(measure)
  const samples = Array.from({ length: 20_000 }, (_, n) =>
    n === 7_777 ? { at: n, missing: 'gone' } : { at: n, value: n === 12_345 ? 99 : n % 5 },
  )
  const line = sourceLine({ ...fabricatedData(), samples: { pool_in_use: samples } }, measure)
  assert.ok(line.x.length < 2000)
  assert.ok(line.values.includes(99))
  assert.ok(line.values.includes(null))
  assert.deepEqual([...line.missing], [['gone', 1]])
  assert.deepEqual(
    line.x,
    [...line.x].sort((a, b) => a - b),
  )
})
