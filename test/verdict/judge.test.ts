import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunData, TrafficSecond } from '../../src/records/run-data.ts'
import { judge, judgeSteady } from '../../src/verdict/judge.ts'
import { absolute, cellOf, change, errorRate, length, measure, p99, plus, readings, run, throughput, times, usual } from './runs.ts'

test('a healthy run with no errors at all passes', () => {
  const verdict = judge(run())
  assert.equal(verdict.outcome, 'passed', verdict.because)
  assert.deepEqual(verdict.questions.within, { answer: 'yes', reason: 'within bounds during the fault' })
  assert.equal(
    cellOf(verdict, 'error_rate', 'recovery').sentence,
    'error_rate after the fault was 0 pp [-0.451, +0.27] against the baseline, allowed +0.5 pp: recovered',
  )
  assert.deepEqual(verdict.recovery, { recovered: 'yes', time: 0, sentence: 'itself again within a second' })
})

test('errors beyond the bound during the fault fail the run, and the sentence says how many', () => {
  const verdict = judge(
    run({
      measures: [p99({ recovery: times(1.5, 5) }), errorRate({ fault: absolute(0.05, '5%'), recovery: times(1.5, 0.005) })],
      fault: { errors: 30 },
    }),
  )
  assert.equal(verdict.outcome, 'failed')
  assert.equal(verdict.because, 'Failed: error_rate during the fault was 60 % [57.4, 62.5], allowed 5 %')
  assert.equal(verdict.questions.within.answer, 'no')
  assert.equal(verdict.questions.recovered.answer, 'yes')
  assert.equal(verdict.harm?.requests, 600)
})

test('p99 that stays up after the fault is not recovered', () => {
  const verdict = judge(run({ recovery: { latency: 100 } }))
  assert.equal(verdict.outcome, 'failed')
  const cell = cellOf(verdict, 'latency_p99', 'recovery')
  assert.equal(cell.scale, 'ratio')
  assert.match(
    cell.sentence,
    /^latency_p99 after the fault was \+101 % \[\+9\d(?:\.\d)?, \+10\d(?:\.\d)?\] against the baseline, allowed \+50 %: not recovered$/,
  )
  assert.equal(verdict.because, `Failed: ${cell.sentence.replace(': not recovered', '')}`)
  assert.deepEqual(verdict.recovery.time, { censored: length * 1000 })
})

test('a fast service may be slower by the floor', () => {
  const healthy = judge(run({ baseline: { latency: 1 }, fault: { latency: 1 }, recovery: { latency: 3 } }))
  assert.equal(healthy.outcome, 'passed', healthy.because)
  const cell = cellOf(healthy, 'latency_p99', 'recovery')
  assert.ok(Math.abs((cell.allowed.limit ?? 0) - (cell.baseline ?? 0) - 5) < 1e-9)
})

test('a fixed latency limit is the share of requests that may be slower', () => {
  const story = (latency: number) =>
    judge(run({ measures: [p99({ fault: absolute(300, '300ms') })], fault: { latency: (i) => (i < 4 ? latency : 50) } }))
  const breached = cellOf(story(400), 'latency_p99', 'fault')
  assert.equal(breached.decision, 'breached')
  assert.equal(breached.estimate, 0.2)
  assert.match(
    breached.sentence,
    /^latency_p99 during the fault: 20 % \[[\d.]+, [\d.]+\] of requests were slower than 300 ms, allowed 1 %: breached$/,
  )
  assert.equal(cellOf(story(100), 'latency_p99', 'fault').decision, 'held')
})

test('throughput counts good answers', () => {
  const verdict = judge(
    run({ measures: [throughput({ recovery: times(0.9), fault: absolute(45, '45/s') })], fault: { errors: 10 }, recovery: { errors: 10 } }),
  )
  assert.equal(
    cellOf(verdict, 'throughput', 'recovery', 'min').sentence,
    'throughput after the fault was -20 % against the baseline, at least -10 % required: not recovered',
  )
  assert.equal(
    cellOf(verdict, 'throughput', 'fault', 'min').sentence,
    'throughput during the fault was 40/s, at least 45/s required: breached',
  )
})

test('everything failing everywhere divides by nothing', () => {
  const verdict = judge(run({ baseline: { errors: 50 }, fault: { errors: 50 }, recovery: { errors: 50 } }))
  assert.equal(verdict.outcome, 'inconclusive')
  assert.equal(verdict.questions.steady.reason, '100 % of requests failed before the fault')
})

test('a system that serves nobody is not steady, whatever is bounded; the reason says why requests fail', () => {
  const data = run({ measures: [errorRate({})], baseline: { errors: 50 } })
  for (const second of data.traffic.slice(0, 20)) second.reasons = { 'connection refused (ECONNREFUSED)': second.error }
  const { questions, notes } = judge(data)
  assert.deepEqual(questions.steady, {
    answer: 'no',
    reason: '100 % of requests failed before the fault: connection refused (ECONNREFUSED) (1000)',
  })
  assert.ok(notes.includes('why requests failed before the fault: connection refused (ECONNREFUSED) (1000)'))
})

test('harm counts the seconds in which phases change; a latency cut off by the timeout is only known to be more', () => {
  const data = run({ fault: { latency: 1000 } })
  for (const second of data.traffic.slice(20, 41)) Object.assign(second, { ok: 0, timeout: 50 })
  for (const window of data.phases) Object.assign(window, { from: window.from + 500, to: window.to + 500 })
  const { harm, notes } = judge({
    ...data,
    experiment: { ...data.experiment, traffic: { rate: 50, requests: [], timeout: 1000, ok: { status: [] } } },
  })
  assert.equal(harm?.requests, 1050)
  assert.ok(
    notes.some((note) => /^p99 latency during the fault: \S+ ms → ≥ \d+ ms/.test(note)),
    notes.join(),
  )
})

test('more than a tenth of a phase missing: nobody can tell', () => {
  const verdict = judge(run({ recovery: { suspect: [1, 5, 9] } }))
  assert.equal(verdict.outcome, 'inconclusive')
  const cell = cellOf(verdict, 'latency_p99', 'recovery')
  assert.equal(cell.missing, 0.15)
  assert.equal(cell.sentence, "latency_p99 after the fault, allowed 1.5x: can't tell (15 % of the recovery phase has no trustworthy data)")
  assert.ok(verdict.notes.includes('3 of 20 seconds of the recovery phase have no trustworthy data'))
  assert.equal(judge(run({ recovery: { suspect: [1, 5] } })).outcome, 'passed')
})

test('when the machine was too busy for Squall itself, a note says so; missing seconds alone say nothing of it', () => {
  const late = run()
  for (const t of [41, 43, 45]) Object.assign(late.traffic[t] ?? {}, { lagP99: 40 + t })
  const words = (data: RunData): string[] => judge(data).notes.filter((note) => note.includes('too busy'))
  assert.deepEqual(words(late), [
    'Squall itself was up to 85 ms late with its requests: this machine was too busy; run again when less else is going on',
  ])
  const gone = run()
  gone.traffic = gone.traffic.filter(({ t }) => t < 41 || t > 45)
  assert.deepEqual(words(gone), [])
})

test('a load that was itself late or did not send makes the second missing', () => {
  const data = run()
  const spoil = (t: number, more: Partial<TrafficSecond>): unknown => Object.assign(data.traffic[t] ?? {}, more)
  spoil(41, { lagP99: 10.5 })
  spoil(42, { notSent: 1, ok: 49 })
  spoil(43, { ok: 40 })
  const verdict = judge(data)
  assert.equal(cellOf(verdict, 'latency_p99', 'recovery').missing, 0.15)
  // Whether a request failed does not hang on 10 ms of lag.
  assert.equal(cellOf(verdict, 'error_rate', 'recovery').missing, 0.1)
})

test('a lag that is small beside what was measured spoils nothing', () => {
  const data = run({ baseline: { latency: 200 }, fault: { latency: 200 }, recovery: { latency: 200 } })
  for (const second of data.traffic) second.lagP99 = 15
  assert.equal(judge(data).outcome, 'passed')
})

test('a missing baseline leaves relative bounds open and fixed ones decided', () => {
  const verdict = judge(
    run({
      baseline: { suspect: [0, 1, 2, 3, 4] },
      measures: [errorRate({ fault: absolute(0.05, '5%'), recovery: plus(0.01, '+1pp') })],
      fault: { errors: 20 },
    }),
  )
  assert.equal(verdict.outcome, 'inconclusive')
  assert.equal(cellOf(verdict, 'error_rate', 'recovery').decision, "can't tell")
  assert.equal(cellOf(verdict, 'error_rate', 'fault').decision, 'breached')
})

test('too few requests: how long would have sufficed', () => {
  const few = { rate: 5 }
  const verdict = judge(
    run({
      baseline: few,
      fault: few,
      recovery: few,
      experiment: { traffic: { rate: 5, requests: [], timeout: 1000, ok: { status: [] } } },
    }),
  )
  assert.equal(verdict.outcome, 'inconclusive')
  assert.equal(cellOf(verdict, 'latency_p99', 'recovery').wouldSuffice, 49)
  assert.match(
    verdict.questions.steady.reason,
    /12 intervals of at least a second and 20 requests each are needed \(about 49 s of baseline would suffice\)/,
  )
})

test('twelve intervals of twenty requests are enough; fewer requests make longer intervals', () => {
  const slow = { rate: 5, seconds: 48 }
  const verdict = judge(
    run({
      baseline: slow,
      fault: slow,
      recovery: slow,
      experiment: { traffic: { rate: 5, requests: [], timeout: 1000, ok: { status: [] } } },
    }),
  )
  const cell = cellOf(verdict, 'latency_p99', 'recovery')
  assert.equal(cell.n, 12)
  assert.equal(cell.decision, 'held')
})

test('a load that sent less than it planned proves nothing', () => {
  assert.match(judgeSteady(run({ baseline: { rate: 40 } })) ?? '', /^only 80 % of the planned requests were sent/)
})

test('a baseline that steps up half-way is not steady, and nothing is said about the fault', () => {
  const data = run({ baseline: { seconds: 60, latency: (i) => (i < 30 ? 50 : 90) } })
  assert.match(judgeSteady(data) ?? '', /^latency_p99 was not stable before the fault: the second half moved by \+79\.9 % \[/)
  assert.equal(judge(data).outcome, 'inconclusive')
  assert.equal(judgeSteady(run()), null)
})

test('a broken bound before the fault: nothing is injected', () => {
  const data = run({
    measures: [errorRate({ baseline: absolute(0.01, '1%') })],
    baseline: { errors: 5 },
    data: { changes: [change({ state: 'planned', looks: [] })] },
  })
  data.phases = data.phases.slice(0, 1)
  delete data.changes[0]?.injectedAt
  delete data.changes[0]?.activeAt
  const verdict = judge(data)
  assert.equal(verdict.outcome, 'inconclusive')
  assert.match(
    verdict.because,
    /^Inconclusive: not steady before the fault: error_rate before the fault was 10 % \[.*\], allowed 1 %; nothing was injected$/,
  )
})

test('a bound with `after` is judged from then on, and says when it began to hold', () => {
  const held = judge(
    run({ measures: [errorRate({ fault: absolute(0.05, '5% after 8s', 8000) })], fault: { errors: (i) => (i < 6 ? 50 : 0) } }),
  )
  const cell = cellOf(held, 'error_rate', 'fault')
  assert.equal(cell.decision, 'held')
  assert.equal(cell.heldFrom, 6000)
  assert.match(cell.sentence, /^error_rate during the fault \(from \+8 s\) was 0 % \[0, 0\.\d+\], allowed 5 %: held, held from \+6 s$/)
  assert.equal(
    cellOf(
      judge(run({ measures: [errorRate({ fault: absolute(0.05, '5% after 8s', 8000) })], fault: { errors: 50 } })),
      'error_rate',
      'fault',
    ).heldFrom,
    null,
  )
})

const primaries = measure(
  'primaries',
  { kind: 'level' },
  'count',
  { baseline: absolute(1), fault: absolute(1), recovery: absolute(1) },
  { baseline: absolute(1), fault: absolute(1, '1 after 8s', 8000), recovery: absolute(1) },
  'db',
)

test('readings of a source are the answer: a replica that takes over in time', () => {
  const verdict = judge(run({ measures: [primaries, ...usual()], samples: { primaries: readings((i) => (i >= 20 && i < 25 ? 0 : 1)) } }))
  assert.equal(verdict.outcome, 'passed', verdict.because)
  const cell = cellOf(verdict, 'primaries', 'fault', 'min')
  assert.equal(cell.heldFrom, 5300)
  assert.equal(cell.sentence, 'primaries during the fault (from +8 s) was 1, at least 1 required: held, held from +5.3 s')
})

test('two primaries at once, even for one reading, break the bound', () => {
  const verdict = judge(run({ measures: [primaries], samples: { primaries: readings((i) => (i === 33 ? 2 : 1)) } }))
  assert.equal(verdict.because, 'Failed: primaries during the fault was 2, allowed 1')
})

test('a gauge may jitter: one reading outside is no proof, three in a row are', () => {
  const gauge = measure('queue', { kind: 'level' }, 'bytes', { fault: absolute(10) }, {}, 'db')
  const at = (out: number[]) =>
    cellOf(judge(run({ measures: [gauge], samples: { queue: readings((i) => (out.includes(i) ? 11 : 9)) } })), 'queue', 'fault')
  assert.equal(at([25]).decision, "can't tell")
  assert.equal(at([25, 26, 27]).decision, 'breached')
  assert.equal(at([]).decision, 'held')
})

test('a source that went silent is missing data, not zero', () => {
  const verdict = judge(run({ measures: [primaries], samples: { primaries: readings((i) => (i >= 20 ? null : 1)) } }))
  assert.equal(verdict.outcome, 'inconclusive')
  assert.equal(cellOf(verdict, 'primaries', 'fault').why, 'there are no readings')
})

test('events and buckets of a source are judged with their own intervals', () => {
  const share = measure('failed', { kind: 'share' }, 'share', { fault: absolute(0.05, '5%'), recovery: plus(0.01, '+1pp') }, {}, 'db')
  const counted = Array.from({ length: 60 }, (_, i) => ({ at: i * 1000, bad: i >= 20 && i < 40 ? 20 : 0, total: 100 }))
  const verdict = judge(run({ measures: [share], samples: { failed: counted } }))
  assert.match(verdict.because, /^Failed: failed during the fault was 20 % \[.*\], allowed 5 %$/)
  assert.equal(cellOf(verdict, 'failed', 'recovery').decision, 'held')

  const latency = measure('db_p99', { kind: 'latency', quantile: 0.99 }, 'ms', { recovery: times(1.5) }, {}, 'db')
  const buckets = Array.from({ length: 60 }, (_, i) => ({
    at: i * 1000,
    buckets: [
      [10, 90],
      [20, 100],
      [40, 100],
      [60, i >= 40 ? 200 : 100],
    ] as [number, number][],
  }))
  const cell = cellOf(judge(run({ measures: [latency], samples: { db_p99: buckets } })), 'db_p99', 'recovery')
  assert.equal(cell.decision, 'breached')
  assert.equal(cell.resolution, 20)
})

test('the time to recover counts from the first look that said inactive, and can be bounded', () => {
  const recoveryTime = (limit: number) => [
    ...usual(),
    measure('recovery_time', { kind: 'recovery-time' }, 'ms', { recovery: absolute(limit, `${limit}ms`) }),
  ]
  const slow = { seconds: 60, latency: (i: number) => (i < 7 ? 200 : 50) }
  const verdict = judge(run({ measures: recoveryTime(10_000), baseline: { seconds: 60 }, recovery: slow }))
  assert.equal(verdict.recovery.time, 7000)
  assert.equal(verdict.outcome, 'passed', verdict.because)
  const late = judge(run({ measures: recoveryTime(5000), baseline: { seconds: 60 }, recovery: slow }))
  assert.equal(late.because, 'Failed: recovery_time was 7 s, allowed 5 s')
  const never = judge(run({ measures: recoveryTime(30_000), recovery: { latency: 200 } }))
  assert.match(cellOf(never, 'recovery_time', 'recovery').sentence, /can't tell \(observed for 20 s only; about 60 s/)
})

test('a guard that proved a bound broken answers the second question', () => {
  const verdict = judge(
    run({ data: { abort: { by: 'guard', why: 'error_rate is 95 %', measure: 'error_rate', breached: true, at: 23_000 } } }),
  )
  assert.equal(verdict.outcome, 'aborted')
  assert.deepEqual(verdict.questions.within, { answer: 'no', reason: 'error_rate is 95 %' })
  assert.equal(verdict.abort?.breached, true)
})

test('a fault that was never there, or died by itself, makes the run an error', () => {
  const unseen = change({ looks: [{ at: 21_000, active: false, seen: 'running' }] })
  delete unseen.activeAt
  assert.equal(judge(run({ data: { changes: [unseen] } })).because, 'Error: the fault pause at payments never showed its effect')
  const died = judge(run({ data: { changes: [change({ diedByItself: 'the process ended' })] } }))
  assert.equal(died.outcome, 'error')
  assert.equal(judge(run({ data: { error: { code: 'internal', message: 'broken' } } })).outcome, 'error')
})

test('a lost or weaker fault proves nothing good, but harm is still harm', () => {
  const weak = (more: object, story = {}) =>
    judge(
      run({
        ...story,
        data: { changes: [change(more)] },
        experiment: { faults: [{ name: 'pause', type: 'cpu', after: 0, spec: { load: 0.8 } }] },
      }),
    )
  assert.equal(weak({ lost: 'replaced at +41 s' }).outcome, 'inconclusive')
  assert.match(weak({ looks: [{ at: 21_000, active: true, seen: '', hit: [2, 3] }] }).because, /only 2 of 3 targets were hit/)
  assert.match(weak({ looks: [{ at: 21_000, active: true, seen: '', dose: { load: 0.5 } }] }).because, /load was 0.5, asked for 0.8/)
  const more = weak({ looks: [{ at: 21_000, active: true, seen: '', dose: { load: 1 } }] }).because
  assert.match(more, /was not as asked: load was 1, asked for 0.8/, 'more than asked is not called weaker')
  assert.equal(weak({ looks: [{ at: 21_000, active: true, seen: '', dose: { load: 0.7 } }] }).outcome, 'passed')
  assert.equal(weak({ lost: 'gone' }, { fault: { errors: 40 } }).outcome, 'failed')
})

test('the notes say in plain words what changed', () => {
  const { notes, phases } = judge(run({ fault: { latency: 100, errors: 5 } }))
  assert.deepEqual(notes, [
    'p99 latency during the fault: 55.6 ms → 112 ms (+100 %)',
    'p99 latency after the fault: 55.6 ms → 55.8 ms (+0.3 %)',
    'errors during the fault: 0 % → 10 % (+10 pp)',
    'errors after the fault: 0 % → 0 % (0 pp)',
    'about 100 requests went wrong that would not have, in 20 seconds; the worst second at +20 s with 10 % errors',
    'observed for 20 s after the fault',
  ])
  assert.deepEqual(
    phases.map(({ phase, at, requests, throughput: good }) => [phase, at, requests, good]),
    [
      ['baseline', '2026-01-01T10:00:00.000Z', 1000, 50],
      ['fault', '2026-01-01T10:00:20.000Z', 1000, 45],
      ['recovery', '2026-01-01T10:00:40.000Z', 1000, 50],
    ],
  )
})

test('a crash of the judge is inconclusive with the error attached', () => {
  const data = run()
  Object.defineProperty(data, 'phases', { get: () => assert.fail('torn record') })
  const verdict = judge(data)
  assert.equal(verdict.outcome, 'inconclusive')
  assert.deepEqual(verdict.error, { code: 'internal', message: 'the judge failed: torn record' })
})

test('a run of 245 s at 50/s is judged in far less than a second', () => {
  const data = run({ baseline: { seconds: 60 }, fault: { seconds: 120 }, recovery: { seconds: 65 } })
  const start = performance.now()
  judge(data)
  assert.ok(performance.now() - start < 500)
})

test('when a share of events, or a level compared with baseline, began to hold: a blip later does not count', () => {
  const events = (bad: (i: number) => number) => Array.from({ length: 60 }, (_, i) => ({ at: i * 1000 + 400, bad: bad(i), total: 100 }))
  const failed = measure('failed', { kind: 'share' }, 'share', { fault: absolute(0.05, '5% after 10s', 10_000) }, {}, 'db')
  const share = cellOf(
    judge(run({ measures: [failed], samples: { failed: events((i) => (i >= 20 && i < 28 ? 40 : i === 36 ? 8 : 1)) } })),
    'failed',
    'fault',
  )
  assert.match(share.sentence, /held, held from \+8\.4 s$/)
  const bound = { ...times(1.5), after: 7000, text: '1.5x after 7s' }
  const queue = measure('queue', { kind: 'level' }, 'bytes', { fault: bound }, {}, 'db')
  const level = cellOf(
    judge(run({ measures: [queue], samples: { queue: readings((i) => (i >= 20 && i < 26 ? 90 : i === 35 ? 99 : 40 + (i % 3))) } })),
    'queue',
    'fault',
  )
  assert.match(level.sentence, /held, held from \+\d(\.\d)? s$/)
  assert.ok((level.heldFrom ?? 0) >= 4000 && (level.heldFrom ?? 0) <= 6300, String(level.heldFrom))
  const restless = cellOf(
    judge(run({ measures: [errorRate({ fault: absolute(0.1, '10% after 1s', 1000) })], fault: { errors: (i) => (i % 5 === 0 ? 24 : 0) } })),
    'error_rate',
    'fault',
  )
  assert.equal(restless.heldFrom, 0)
})

test('when latency and good answers began to hold', () => {
  const slow = p99({ fault: absolute(300, '300ms after 5s', 5000) })
  const good = measure('throughput', { kind: 'level' }, '/s', {}, { fault: { ...times(0.9), after: 5000, text: '0.9x after 5s' } })
  const verdict = judge(run({ measures: [slow, good], fault: { latency: (i) => (i < 3 ? 900 : 50), errors: (i) => (i < 4 ? 30 : 0) } }))
  assert.equal(cellOf(verdict, 'latency_p99', 'fault').heldFrom, 3000)
  assert.equal(cellOf(verdict, 'throughput', 'fault', 'min').heldFrom, 4000)
})
