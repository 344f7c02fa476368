/** How a fault that moves and begins again reads in every view. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runLines } from '../../src/cli/run-lines.ts'
import type { ChangeRecord } from '../../src/records/run-data.ts'
import { chartsOf } from '../../src/report/charts.ts'
import { compareRuns } from '../../src/report/comparison.ts'
import { renderHtml } from '../../src/report/html.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { experiment, fabricatedData, storedOf } from './fabricated.ts'

const moving: ChangeRecord = {
  ...{ fault: 'freeze', type: 'cpu', target: 'this host', does: 'keep it busy', undoes: 'end it', state: 'verified' },
  ramp: { over: 8_000, dials: { load: { from: 0.1, to: 0.5, unit: 'share' } } },
  earlier: [
    { injectedAt: 65_000, activeAt: 65_100, undoAt: 75_000, inactiveAt: 75_100, settledAt: 77_100 },
    { injectedAt: 85_000, activeAt: 85_100, undoAt: 95_000, inactiveAt: 95_100, settledAt: 97_100 },
  ],
  ...{ injectedAt: 105_000, activeAt: 105_100, undoAt: 115_000, inactiveAt: 115_100, settledAt: 117_100 },
  looks: [65, 85, 105].flatMap((begin) =>
    Array.from({ length: 8 }, (_, n) => {
      const load = 0.1 + 0.05 * n
      return { at: begin * 1000 + 100 + 1000 * n, active: true, seen: `busy ${n}`, asked: { load }, dose: { load: load * 0.96 } }
    }),
  ),
}
const stored = storedOf({ ...fabricatedData(), changes: [moving] })

test('the summary and the page say each time; the page what was asked beside what was achieved', () => {
  const words = renderSummary(stored, { color: false }).replace(/\s+/g, ' ')
  assert.match(words, /3 times: \+1:05\.0 to \+1:15\.1, \+1:25\.0 to \+1:35\.1, then injected \+1:45\.0/)
  const page = renderHtml(stored)
  assert.match(page, /3 times: /)
  assert.match(page, /load 43\.2% of 45% asked/)
})

test('a chart shades each time of the fault by itself', () => {
  const { faults = [] } = chartsOf(stored)[0] ?? {}
  assert.deepEqual(
    faults.map(({ from, to }) => [from, to]),
    [
      [65.1, 75.1],
      [85.1, 95.1],
      [105.1, 115.1],
    ],
  )
})

test('the fault is as strong as asked, at each time', () => {
  assert.deepEqual(stored.verdict?.faults, [])
  const weaker = { ...moving, looks: moving.looks.map((look) => ({ ...look, dose: { load: 0.1 } })) }
  const verdict = storedOf({ ...fabricatedData(), changes: [weaker] }).verdict
  assert.match(verdict?.faults[0]?.text ?? '', /^load was 10 %, asked for .* %/)
})

test('two runs are compared by how often and how long, and by the range', () => {
  const { faults } = compareRuns(stored, stored)
  assert.equal(faults[0]?.a, 'this host: 3 times, active for 30 s, load from 10% to 50% over 8s, verified')
})

test('lines say beforehand how often, and every few seconds how far it is', () => {
  const lines = runLines()
  const faults = [{ name: 'freeze', type: 'cpu', after: 0, for: 10_000, every: 20_000, spec: {} }]
  const { fault, type, target, does, undoes } = moving
  const begun = lines.of({
    ...{ is: 'started', id: 'r1', dir: '/', seed: 1, weakest: '' },
    experiment: { ...experiment, faults },
    changes: [{ key: 'freeze', fault, type, target, does, undoes }],
  })
  assert.match(begun.join('\n'), /will keep it busy, again every 20s: 3 times; then end it/)
  const shown = moving.looks.slice(-8).flatMap((look, n, looks) => {
    const change: ChangeRecord = { ...moving, state: 'active', looks: looks.slice(0, n + 1) }
    return lines.of({ is: 'change', change, at: look.at })
  })
  assert.deepEqual(
    shown.map((line) => line.trim()),
    ['1:45  freeze at this host: active (busy 0)', '1:50  freeze at this host: load 33.6% of 35% asked'],
  )
})
