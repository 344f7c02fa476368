import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import type { RunData } from '../../src/records/run-data.ts'
import type { StoredRun } from '../../src/records/stored-run.ts'
import type { Chart } from '../../src/report/charts.ts'
import { renderHtml } from '../../src/report/html.ts'
import { escapeText } from '../../src/report/markup.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { fabricatedData, storedOf } from './fabricated.ts'

const page = renderHtml(storedOf(fabricatedData()))

function chartsIn(text: string): Chart[] {
  const json = /<script type="application\/json" id="chart-data">(.*?)<\/script>/s.exec(text)?.[1]
  return JSON.parse(json ?? 'null') as Chart[]
}

/** Every piece of text that comes from people or from the systems they test is replaced. */
function hostile(run: StoredRun<Verdict>, text: string): StoredRun<Verdict> {
  const kept = new Set([
    'by',
    'kind',
    'phase',
    'decision',
    'outcome',
    'state',
    'answer',
    'from',
    'level',
    'unit',
    'direction',
    'scale',
    'startedAt',
    'endedAt',
    'at',
    'name',
  ])
  const replace = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') return kept.has(key) ? value : `${text}${value}`
    if (Array.isArray(value)) return value.map((each) => replace(each, key))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replace(each, name)]))
  }
  return replace(run) as StoredRun<Verdict>
}

describe('the page of a run', () => {
  test('needs nothing else: no address, no script or style but its own, and a policy that says so', () => {
    assert.ok(!/<(link|img|iframe|object|embed|base|form)\b|\bsrc=|@import|url\(/i.test(page))
    assert.ok(!/https?:\/\/(?!127\.0\.0\.1)/.test(page.replace('https://github.com/leeoniya/uPlot', '')))
    assert.ok(!/<[^>]*\sstyle=|<[^>]*\son[a-z]+=/i.test(page))
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? ''
    assert.match(policy, /^default-src 'none'; /)
    const allowed = [...policy.matchAll(/'sha256-([^']+)'/g)].map((match) => match[1])
    const carried = [...page.matchAll(/<(?:style|script)>(.*?)<\/(?:style|script)>/gs)].map((match) =>
      createHash('sha256')
        .update(match[1] ?? '')
        .digest('base64'),
    )
    assert.deepEqual(carried.sort(), allowed.sort())
  })

  test('shows the verdict, its sentences, the evidence and the events', () => {
    const run = storedOf(fabricatedData())
    for (const text of [
      run.verdict?.because ?? '?',
      'stops process 4711',
      'state T (stopped)',
      'no answer within 1 s',
      'team-orders',
      run.id,
    ]) {
      assert.ok(page.includes(text), text)
    }
    for (const cell of run.verdict?.cells ?? []) if (cell.decision !== 'not judged') assert.ok(page.includes(cell.sentence), cell.sentence)
  })

  test('says how far the verdict can be trusted: steadiness, precision, and what other runs say of the judge', () => {
    const run = { ...storedOf(fabricatedData()), trust: ['1 of 20 placebo runs of shop was a false alarm'] }
    const text = renderHtml(run)
    const { stability, precision } = run.verdict ?? { stability: [], precision: [] }
    assert.ok(stability.length > 0 && precision.length > 0)
    for (const sentence of [...stability, ...precision].map((part) => part.sentence))
      assert.ok(text.includes(escapeText(sentence)), sentence)
    assert.ok(text.includes('1 of 20 placebo runs of shop was a false alarm'))
  })

  test('a dose that was asked for stands beside the one that was seen; a column that nobody fills is left out', () => {
    const data = fabricatedData()
    const [change] = data.changes
    assert.ok(change)
    const doseHead = '<th scope="col">dose</th>'
    assert.ok(!renderHtml(storedOf(data)).includes(doseHead))
    for (const look of change.looks) look.dose = { load: 0.4812 }
    const text = renderHtml(storedOf(data))
    assert.ok(text.includes(doseHead) && text.includes('load 0.481'))
  })

  test('carries no credentials', () => assert.ok(!page.includes('Bearer 123')))

  for (const text of [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onclick='alert(1)",
    '</script><script>alert(1)//',
    '<!--',
    '\u202e${x}`\u0000',
  ]) {
    test(`takes ${JSON.stringify(text)} for what it is: text`, () => {
      const attacked = renderHtml(hostile(storedOf(fabricatedData()), text))
      const tags = (each: string): number => each.match(/<[a-z!/]/gi)?.length ?? 0
      const harmless = renderHtml(hostile(storedOf(fabricatedData()), 'x'))
      assert.equal(tags(attacked), tags(harmless), 'no tag more and none less than with harmless text')
      assert.ok(!/<[^>]*\sonclick=|<img|\u202e|\u0000/.test(attacked))
      assert.equal(chartsIn(attacked).length, chartsIn(page).length)
    })
  }

  test('a second without trustworthy data is a gap in the line and "no data" in the table, never 0', () => {
    const charts = chartsIn(page)
    for (const title of ['Latency', 'Errors', 'Throughput']) {
      const chart = charts.find((each) => each.title === title)
      assert.ok(chart)
      const row = (second: number): (number | null | undefined)[] => chart.lines.map((line) => line.values[chart.x.indexOf(second)])
      assert.ok(
        row(29).every((value) => typeof value === 'number'),
        `${title} at 29 s`,
      )
      assert.ok(
        row(30).every((value) => value === null),
        `${title} at 30 s, never recorded`,
      )
      assert.ok(
        row(100).every((value) => value === null),
        `${title} at 100 s, not trusted`,
      )
    }
    const pool = charts.find((each) => each.title === 'pool_in_use')
    assert.equal(pool?.lines[0]?.values.filter((value) => value === null).length, 15)
    assert.match(page, /<td>\+0:30\.0<\/td><td>baseline<\/td><td class="number">no data<\/td>/)
    assert.match(pool?.caption ?? '', /15 × no answer within 1 s/)
  })

  test('limits are drawn where they count, in the unit of the axis', () => {
    const errors = chartsIn(page).find((each) => each.title === 'Errors')
    assert.deepEqual(
      errors?.limits.find((limit) => limit.label === 'max 5%'),
      { label: 'max 5%', from: 65, to: 125, value: 5 },
    )
  })

  test('a day-long run stays a page that opens', () => {
    const data = fabricatedData()
    const template = data.traffic[0]
    assert.ok(template)
    const long: RunData = { ...data, traffic: Array.from({ length: 86_400 }, (_, t) => ({ ...template, t, latencies: [5] })) }
    const text = renderHtml({ ...storedOf(data), ...long })
    assert.ok(text.length < 1_000_000, `${text.length} characters`)
  })

  test('a run without end, verdict or data has a page too', () => {
    const { verdict: _verdict, outcome: _outcome, exit: _exit, endedAt: _endedAt, ...rest } = storedOf(fabricatedData())
    const text = renderHtml({ ...rest, traffic: [], samples: {}, phases: [], changes: [] })
    assert.match(text, /no verdict yet/)
  })
})
