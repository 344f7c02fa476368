import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { frameOf, type LiveState } from '../../src/cli/live-frame.ts'
import { liveSeries } from '../../src/cli/live-series.ts'
import { liveView } from '../../src/cli/run-live.ts'
import { textColumns } from '../../src/cli/text-width.ts'
import type { ChangeRecord } from '../../src/records/run-data.ts'
import type { RunNews } from '../../src/run/events.ts'
import type { NonBlockingWriter } from '../../src/system/terminal.ts'
import { createScreen, type Screen } from '../helpers/screen.ts'
import { experiment, fabricatedData } from '../report/fabricated.ts'

const data = fabricatedData()
const [freeze] = data.changes as [ChangeRecord]

/** What was told up to `until` ms, in order of time. */
function newsUntil(until: number): RunNews[] {
  const planned = { warmup: 5000, baseline: 60_000, fault: 60_000, rollback: 0, recovery: 60_000 }
  const timed: { at: number; news: RunNews }[] = [
    ...data.phases.map(({ phase, from }) => ({ at: from, news: { is: 'phase', phase, at: from, planned: planned[phase] } as const })),
    ...data.traffic.map((second) => ({ at: (second.t + 1) * 1000, news: { is: 'second', second } as const })),
    ...(data.samples.pool_in_use ?? []).map((sample) => ({
      at: sample.at,
      news: { is: 'sample', measure: 'pool_in_use', sample } as const,
    })),
  ]
  const told = timed.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)
  const started: RunNews = { is: 'started', id: data.id, dir: '', seed: 1, experiment, changes: [], weakest: 'nothing is weak' }
  return [started, ...told.map(({ news }) => news)]
}

function stateAt(at: number, more: Partial<LiveState> = {}): LiveState {
  const series = liveSeries(experiment)
  let phase: LiveState['phase'] = { phase: 'warmup', at: 0, planned: 5000 }
  for (const news of newsUntil(at)) {
    series.see(news)
    if (news.is === 'phase') phase = news
  }
  return { experiment, phase, measures: series.measures(at, 60), changes: [], waiting: 0, stopping: false, at, ...more }
}

const active = (more: Partial<ChangeRecord> = {}): ChangeRecord => ({
  ...freeze,
  state: 'active',
  looks: freeze.looks.slice(0, 20),
  ...more,
})
const plain = (lines: readonly string[]): string => stripVTControlCharacters(lines.join('\n'))

describe('a frame of the live view', () => {
  test('tells phase, time left, each measure with its bound, the faults and what to press', () => {
    const frame = plain(frameOf(stateAt(85_000, { changes: [active()] }), { columns: 100, rows: 30 }))
    assert.match(frame, /^ {2}1:25 {2}fault +━+┄+ 0:40 left, then recovery 1:00\n/)
    assert.match(frame, /^ {2}error_rate +[▁-█·]+ +(3|4)\d[.\d]* % ✗ max 5%$/m)
    assert.match(frame, /^ {2}latency_p99 +[▁-█·]+ +≥ 1000 ms$/m)
    assert.match(frame, /^ {2}freeze at payments \(pid 4711\): active for 0:20 \(state T \(stopped\)\)$/m)
    assert.match(frame, /Ctrl-C stops the run: everything is rolled back/)
  })

  test('knows what a multiple of baseline allows once baseline is over', () => {
    assert.match(plain(frameOf(stateAt(60_000), { columns: 100, rows: 30 })), /latency_p99 .* ✓ max 300ms$/m)
    const after = plain(frameOf(stateAt(150_000), { columns: 100, rows: 30 }))
    assert.match(after, /latency_p99 .* ✓ max 1\.5x$/m)
    assert.match(after, /throughput .* 50\/s ✓ min 0\.9x$/m)
  })

  test('a second without data is a dot, never a low bar; without any data there is no number', () => {
    const silent = stateAt(95_000).measures.find(({ name }) => name === 'pool_in_use')
    assert.deepEqual(
      silent?.points.slice(-14),
      Array.from({ length: 14 }, () => null),
    )
    const frame = plain(frameOf(stateAt(95_000), { columns: 100, rows: 30 }))
    assert.match(frame, /pool_in_use +[▁-█]+·{15} +–/)
    assert.match(plain(frameOf(stateAt(200), { columns: 100, rows: 30 })), /error_rate +– ?/)
  })

  test('shows the dose that was reached beside the one that was asked, and how many targets were hit', () => {
    const looks = [{ at: 70_000, active: true, seen: 'busy', hit: [2, 3] as [number, number], dose: { load: 0.7812 } }]
    const faults = [{ name: 'freeze', type: 'cpu', after: 0, spec: { load: 0.8 } }]
    const state = stateAt(85_000, { changes: [active({ looks })], experiment: { ...experiment, faults } })
    assert.match(plain(frameOf(state, { columns: 120, rows: 30 })), /active for 0:20, 2 of 3 targets, load 0\.781 of 0\.8 asked \(busy\)/)
  })

  test('fits every terminal: no line folds, none scrolls, and the phase and the key to press are always there', () => {
    const changes = Array.from({ length: 12 }, (_, n) => active({ target: `payments-with-a-long-name (pid ${n})`, fault: `支払い${n}` }))
    for (const at of [200, 60_000, 85_000, 126_000, 150_000, 200_000]) {
      const state = stateAt(at, { changes })
      for (const columns of [20, 40, 59, 60, 80, 200, 400])
        for (const rows of [4, 8, 12, 24, 60]) {
          const frame = frameOf(state, { columns, rows })
          const name = `${columns}x${rows} at ${at}`
          assert.ok(frame.length < rows, name)
          for (const line of frame) assert.ok(textColumns(line) < Math.max(21, columns), `${name}: ${JSON.stringify(line)}`)
          assert.match(plain(frame), /^ {2}\d:\d\d {2}(warm-up|baseline|fault|rollback|recovery)/, name)
          assert.match(plain(frame), /Ctrl-C/, name)
        }
    }
  })

  test('while everything hangs, it says so at once: nobody has to wait for the first timeout', () => {
    const series = liveSeries(experiment)
    for (const news of newsUntil(64_999)) series.see(news)
    series.see({ is: 'phase', phase: 'fault', at: 65_000, planned: 60_000 })
    const quiet = { planned: 50, ended: 0, ok: 0, error: 0, timeout: 0, notSent: 0, lagP99: 0, thresholds: [] }
    for (const n of [0, 1, 2]) {
      const tick = { ...quiet, from: 65_000 + n * 1000, at: 66_000 + n * 1000, inFlight: 50 * (n + 1) }
      series.see({ is: 'tick', tick })
    }
    const measures = series.measures(68_000, 60)
    const now = (name: string): string | undefined => measures.find((measure) => measure.name === name)?.now
    assert.deepEqual([now('throughput'), now('error_rate'), now('latency_p99')], ['0/s', '–', '–'])
    const state = stateAt(65_000, { measures, waiting: series.waiting(), at: 68_000 })
    assert.match(plain(frameOf(state, { columns: 80, rows: 24 })), /^ {2}150 requests wait for an answer$/m)
    assert.doesNotMatch(plain(frameOf({ ...state, waiting: 40 }, { columns: 80, rows: 24 })), /wait for an answer/)
  })

  test('says what a second Ctrl-C does once the first has been pressed', () => {
    assert.match(plain(frameOf(stateAt(85_000, { stopping: true }), { columns: 100, rows: 30 })), /Ctrl-C again gives the terminal back/)
  })

  test('has the same words without colours', () => {
    const before = process.env.NO_COLOR
    const state = stateAt(85_000, { changes: [active()] })
    try {
      process.env.NO_COLOR = '1'
      // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
      assert.doesNotMatch(frameOf(state, { columns: 100, rows: 30 }).join(''), /\x1b/)
    } finally {
      if (before === undefined) delete process.env.NO_COLOR
      else process.env.NO_COLOR = before
    }
  })
})

describe('the live view on a screen', () => {
  interface Stage {
    screen: Screen
    /** The next frames are not taken, as when nobody reads. */
    block(blocked: boolean): void
    size: { columns: number; rows: number }
    written(): string
  }

  function stage(t: TestContext, columns: number): Stage & { view: ReturnType<typeof liveView>; tick(): void } {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const screen = createScreen(columns, 24)
    const size = { columns, rows: 24 }
    let blocked = false
    let all = ''
    const write = (text: string): void => {
      all += text
      screen.write(text)
    }
    const out: NonBlockingWriter = {
      line: (text) => write(`${text}\n`),
      frame(text) {
        if (!blocked) write(text)
        return !blocked
      },
      drain: () => Promise.resolve(),
      close() {},
    }
    const view = liveView(
      out,
      () => 85_000,
      () => size,
    )
    const tick = (): void => t.mock.timers.tick(500)
    return { screen, size, view, tick, written: () => all, block: (now) => (blocked = now) }
  }

  const heads = (screen: Screen): number => screen.lines().filter((line) => /^ {2}1:25 {2}fault/.test(line)).length
  const hints = (screen: Screen): number => screen.lines().filter((line) => line.includes('Ctrl-C stops the run: ')).length

  test('what happened stays above, and below it there is one frame, however often it is drawn', (t) => {
    const { view, screen, tick } = stage(t, 100)
    for (const news of newsUntil(85_000)) view.tell(news)
    for (let n = 0; n < 20; n++) tick()
    view.tell({ is: 'change', change: active(), at: 85_000 })
    tick()
    const lines = screen.lines()
    assert.match(lines[0] ?? '', /^run 20261123-143015-k3f9/)
    assert.ok(lines.some((line) => line === '  1:05  fault, 60 s'))
    assert.equal(heads(screen), 1)
    assert.equal(hints(screen), 1)
    assert.match(lines.at(-1) ?? '', /Ctrl-C/)
    view.end()
    screen.write('FAILED\n')
    assert.equal(heads(screen), 0)
    assert.match(screen.lines().slice(-2).join('\n'), /freeze at payments .*\nFAILED$/)
  })

  test('frames that were dropped leave nothing behind when the terminal is read again', (t) => {
    const { view, screen, tick, block } = stage(t, 100)
    for (const news of newsUntil(85_000)) view.tell(news)
    tick()
    block(true)
    // The frame that is not drawn has a line more than the one on the screen.
    view.tell({ is: 'change', change: { ...freeze, state: 'planned' }, at: 85_000 })
    for (let n = 0; n < 5; n++) tick()
    block(false)
    tick()
    assert.equal(heads(screen), 1)
    assert.equal(hints(screen), 1)
    assert.ok(screen.lines().includes('  1:05  fault, 60 s'))
    view.end()
  })

  test('a terminal that becomes narrower, and wider again, has one frame', (t) => {
    const { view, screen, tick, size } = stage(t, 120)
    for (const news of newsUntil(85_000)) view.tell(news)
    tick()
    for (const columns of [60, 45, 100]) {
      size.columns = columns
      screen.resize(columns)
      tick()
      tick()
      assert.equal(heads(screen), 1, `${columns} columns\n${screen.lines().join('\n')}`)
    }
    view.end()
  })

  test('a line that stays takes the frame along: it is never gone for a while', (t) => {
    const { view, screen, block } = stage(t, 100)
    for (const news of newsUntil(85_000)) view.tell(news)
    block(true)
    view.tell({ is: 'note', at: 85_000, level: 'warn', text: `source shop: ${'no answer within a second, '.repeat(6)}` })
    assert.equal(heads(screen), 1)
    const lines = screen.lines()
    const at = lines.findIndex((line) => line.startsWith('  1:25  warn: source shop:'))
    assert.match(lines[at] ?? '', /[^ ]$/)
    assert.match(lines[at + 1] ?? '', /^ {6}(?:no|answer|within|a|second,) /)
    assert.match(lines[at + 2] ?? '', /^ {2}1:25 {2}fault/)
    view.end()
  })

  test('a frame is written over the one before: the screen is never empty in between', (t) => {
    const { view, tick, written } = stage(t, 100)
    for (const news of newsUntil(85_000)) view.tell(news)
    const before = written().length
    tick()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the order is what counts
    assert.match(written().slice(before), /^\x1b\[\?2026h\r\x1b\[\d+A[^]*[^\x1b]\x1b\[K\n\x1b\[J\x1b\[\?2026l$/)
    view.end()
  })
})
