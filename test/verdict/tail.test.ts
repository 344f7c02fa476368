import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunData } from '../../src/records/run-data.ts'
import { judge } from '../../src/verdict/judge.ts'
import type { CellVerdict } from '../../src/verdict/verdict.ts'
import { absolute, cellOf, none, p99, run, times, usual } from './runs.ts'

const long = { seconds: 60 }
const phases = { baseline: long, fault: long, recovery: long }

/** After the fault, in those seconds of the recovery phase, these many of the fifty requests take five times as long. */
function withBursts(data: RunData, isBurst: (second: number) => boolean, many = 50): RunData {
  const from = data.phases.find(({ phase }) => phase === 'recovery')?.from ?? 0
  for (const second of data.traffic.filter(({ t }) => t * 1000 >= from && isBurst(t - from / 1000)))
    second.latencies = second.latencies.map((latency, i) => (i < many ? latency * 5 : latency))
  return data
}

const tail = (data: RunData): CellVerdict => cellOf(judge(data), 'latency_p99 tail', 'recovery')

test('bursts that were not there before fail a run that its typical second would pass', () => {
  const verdict = judge(withBursts(run(phases), (second) => second % 10 === 0))
  assert.equal(cellOf(verdict, 'latency_p99', 'recovery').decision, 'held')
  const cell = cellOf(verdict, 'latency_p99 tail', 'recovery')
  assert.equal(cell.decision, 'breached')
  assert.match(
    cell.sentence,
    /^latency_p99 tail after the fault: \+10 pp \[\+[\d.]+, \+[\d.]+\] of requests slower than 83\.\d ms against the baseline, allowed \+1 pp: not recovered$/,
  )
  assert.equal(verdict.outcome, 'failed')
  assert.equal(verdict.because, `Failed: ${cell.sentence.replace(': not recovered', '')}`)
})

test('one burst proves nothing, and keeps nothing from passing', () => {
  const verdict = judge(withBursts(run(phases), (second) => second === 30))
  const cell = cellOf(verdict, 'latency_p99 tail', 'recovery')
  assert.equal(cell.decision, "can't tell")
  assert.equal(cell.advisory, true)
  assert.equal(verdict.outcome, 'passed', verdict.because)
})

test('without bursts the tail held', () => {
  assert.equal(tail(run(phases)).decision, 'held')
})

test('what the bound allows is not slow: a whole phase at +40 % under 1.5x is no tail', () => {
  assert.equal(tail(run({ ...phases, recovery: { ...long, latency: 70 } })).decision, 'held')
  // Under a tighter bound slow begins at 1.2 times baseline's p99.
  const tight = run({ ...phases, measures: [p99({ recovery: times(1.1) })] })
  const cell = tail(tight)
  assert.ok(Math.abs((cell.slowerThan ?? 0) / 1.2 - 56.2) < 1, String(cell.slowerThan))
})

test('a fixed bound, and none, have no tail to check', () => {
  for (const bound of [absolute(300, '300ms'), { limit: none, text: 'none' }]) {
    const { cells } = judge(run({ ...phases, measures: [p99({ fault: absolute(1000, '1s'), recovery: bound })] }))
    assert.ok(!cells.some(({ measure }) => measure.endsWith('tail')))
  }
})

test('the bounds share the error rate of their question; the tail has its own', () => {
  const cells = judge(run({ ...phases, measures: usual() })).cells.filter(({ phase }) => phase === 'recovery')
  assert.deepEqual(
    cells.map(({ measure, alpha }) => [measure, alpha.breached]),
    [...['latency_p99', 'error_rate', 'throughput'].map((name) => [name, 0.05 / 3]), ['latency_p99 tail', 0.05]],
  )
})

test('too much missing data leaves the tail open, with the reason', () => {
  const cell = tail(run({ ...phases, recovery: { ...long, suspect: [1, 2, 3, 4, 5, 6, 7] } }))
  assert.equal(cell.decision, "can't tell")
  assert.match(cell.sentence, /11\.7 % of the recovery phase has no trustworthy data/)
})
