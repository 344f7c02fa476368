import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import type { Experiment } from '../../src/document/experiment.ts'
import { compareRuns } from '../../src/report/comparison.ts'
import { renderComparisonMarkdown } from '../../src/report/comparison-markdown.ts'
import { renderComparison } from '../../src/report/comparison-text.ts'
import { documentDifferences } from '../../src/report/document-difference.ts'
import { experiment, fabricatedData, storedOf } from './fabricated.ts'

describe('what differs between two documents', () => {
  const changedBy = (change: (draft: Experiment) => void): Experiment => {
    const draft = structuredClone(experiment)
    change(draft)
    return draft
  }

  test('nothing, when only the place of a fault in the text has changed', () => {
    const moved = changedBy((draft) => draft.faults.forEach((fault) => Object.assign(fault, { line: 99 })))
    assert.deepEqual(documentDifferences(experiment, moved), [])
  })

  test('is named by its key, in the words of a document', () => {
    const other = changedBy((draft) => {
      draft.phases.fault = 120_000
      const errors = draft.measures.find(({ name }) => name === 'error_rate')
      if (errors) errors.max.fault = { limit: { kind: 'absolute', value: 0.1 }, text: '10%' }
      draft.measures = draft.measures.filter(({ name }) => name !== 'latency_p50').toReversed()
      draft.faults.push({ name: 'second', type: 'kill', after: 5000, spec: {} })
    })
    const found = documentDifferences(experiment, other)
    const of = (path: string): unknown => found.find((each) => each.path === path)
    assert.deepEqual(of('phases.fault'), { path: 'phases.fault', a: '1m', b: '2m' })
    assert.deepEqual(of('measures.error_rate.max.fault'), { path: 'measures.error_rate.max.fault', a: '5%', b: '10%' })
    assert.deepEqual(of('measures.latency_p50.unit'), { path: 'measures.latency_p50.unit', a: 'ms', b: null })
    assert.deepEqual(of('faults.second.after'), { path: 'faults.second.after', a: null, b: '5s' })
    assert.ok(!found.some(({ path }) => path.startsWith('measures.throughput')), 'the order does not matter')
  })

  test('never shows a credential', () => {
    const other = changedBy((draft) => {
      for (const request of draft.traffic?.requests ?? []) request.headers.authorization = 'Bearer 456'
    })
    assert.doesNotMatch(JSON.stringify(documentDifferences(experiment, other)), /Bearer/)
  })
})

describe('two runs side by side', () => {
  const mended = fabricatedData(8)
  mended.id = 'mended'
  mended.experiment = { ...mended.experiment, phases: { ...mended.experiment.phases, fault: 120_000 } }
  mended.traffic = mended.traffic.map((second) => ({
    ...second,
    ok: second.ok + second.timeout,
    timeout: 0,
    latencies: second.latencies.map((latency) => Math.min(latency, 25)),
  }))
  const comparison = compareRuns(storedOf(fabricatedData()), storedOf(mended))
  const text = renderComparison(comparison, { color: false })

  test('say what was asked differently, what was found, and how sure that is', () => {
    for (const part of [
      /^A and B: the same experiment, changed in one key\n {2}A {2}20261123/,
      /^ {2}phases\.fault: 1m → 2m$/m,
      /^ {2}A Failed: error_rate/m,
      /^ {2}latency_p99 +fault +≥ 1000 ms +25 ms +lower: -9[67][.\d]* % \[-9/m,
      /^ {2}error_rate +fault +38\.9 % +0 % +lower: -38\.9 pp \[/m,
      /^ {2}error_rate +recovery +0 % +0 % +no difference shown: 0 pp \[/m,
      /^ {2}error_rate fault: max 5% +✗ breached → ✓ held$/m,
      /^ {4}A payments \(pid 4711\): active for 60 s, verified$/m,
      /one observation each/,
    ])
      assert.match(text, part)
  })

  test('fit 100 columns, and have the same words with colours', () => {
    assert.deepEqual(
      text.split('\n').filter((line) => line.length > 100),
      [],
    )
    assert.equal(stripVTControlCharacters(renderComparison(comparison, { color: true })), text)
  })

  test('of one document say so; of two experiments as well', () => {
    const run = storedOf(fabricatedData())
    assert.match(renderComparison(compareRuns(run, run), { color: false }), /^A and B: the same experiment, unchanged/)
    const other = { ...run, experiment: { ...run.experiment, name: 'other' } }
    assert.match(
      renderComparison(compareRuns(run, other), { color: false }),
      /^A and B: two different experiments, which differ in one key/,
    )
  })

  test('say once why so much cannot be told', () => {
    const short = fabricatedData(3)
    short.traffic = short.traffic.filter(({ t }) => t < 65 || t > 100)
    const lines = renderComparison(compareRuns(storedOf(fabricatedData()), storedOf(short)), { color: false }).split('\n')
    assert.ok(lines.some((line) => /^ {2}error_rate +fault +38\.9 % .*can't tell$/.test(line)))
    assert.equal(lines.filter((line) => /^ {2}can't tell: .* of the fault phase has no trustworthy data$/.test(line)).length, 1)
  })

  test('warn when the system was not the same before the fault', () => {
    const slow = fabricatedData(9)
    slow.traffic = slow.traffic.map((second) => ({ ...second, latencies: second.latencies.map((latency) => latency * 2) }))
    const { caveats } = compareRuns(storedOf(fabricatedData()), storedOf(slow))
    assert.match(caveats.join('\n'), /not the same before the fault: latency_p50 was higher, latency_p99 was higher/)
  })

  test('have a page of Markdown and an object that survives JSON', () => {
    assert.match(
      renderComparisonMarkdown(comparison),
      /^## payments-freeze: failed → passed\n[\s\S]*\| error\\_rate \| fault \| 38\.9 % \| 0 % \| lower: -38/,
    )
    assert.deepEqual(JSON.parse(JSON.stringify(comparison)), comparison)
  })

  test('a run without a verdict can be compared too', () => {
    const { verdict: _verdict, outcome: _outcome, ...rest } = storedOf(fabricatedData())
    assert.match(renderComparison(compareRuns(rest, storedOf(mended)), { color: false }), /A no verdict yet/)
  })
})
