import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sample } from '../../src/records/run-data.ts'
import { judge, judgeSteady } from '../../src/verdict/judge.ts'
import type { Stability } from '../../src/verdict/verdict.ts'
import { absolute, errorRate, length, measure, run, type Story, throughput, times } from './runs.ts'

const of = (story: Story, name: string): Stability => {
  const found = judge(run(story)).stability.find((each) => each.measure === name)
  assert.ok(found, `no stability of ${name}`)
  return found
}

test('a steady baseline is stable in all that is compared with it', () => {
  const { stability, questions } = judge(run({ baseline: { seconds: 60 } }))
  assert.deepEqual(
    stability.map(({ measure: name, decision }) => [name, decision]),
    [
      ['latency_p99', 'stable'],
      ['error_rate', 'stable'],
      ['throughput', 'stable'],
    ],
  )
  assert.equal(questions.steady.answer, 'yes')
})

test('a ramp that is too small to prove is named with its slope', () => {
  const story: Story = { baseline: { seconds: 60, latency: (i) => 50 * 1.3 ** (i / 60) } }
  const { perMinute, decision } = of(story, 'latency_p99')
  assert.ok(Math.abs((perMinute ?? 0) - 0.3) < 0.03, String(perMinute))
  assert.notEqual(decision, 'moved')
  const { notes, questions } = judge(run(story))
  assert.equal(questions.steady.answer, 'yes')
  assert.ok(
    notes.some((note) => /^latency_p99 was (perhaps not )?stable before the fault: .* about \+(29|30|31)(\.\d)? % a minute$/.test(note)),
    notes.join('\n'),
  )
  assert.ok(!judge(run({ baseline: { seconds: 60 } })).notes.some((note) => note.includes('a minute')))
})

test('errors that come half-way', () => {
  const story = {
    measures: [errorRate({ recovery: times(1.5, 0.005) })],
    baseline: { seconds: 60, errors: (i: number) => (i < 30 ? 0 : 5) },
  }
  assert.match(
    judgeSteady(run(story)) ?? '',
    /^error_rate was not stable before the fault: the second half moved by \+10 pp \[\+[\d.]+, \+[\d.]+\], allowed ±2\.5 pp, about \+\d+(\.\d+)? pp a minute$/,
  )
})

test('good answers that become fewer', () => {
  const story = { measures: [throughput({ recovery: times(0.9) })], baseline: { seconds: 60, errors: (i: number) => (i < 30 ? 0 : 10) } }
  assert.match(judgeSteady(run(story)) ?? '', /^throughput was not stable before the fault: the second half moved by -20 %, allowed ±5 %/)
})

test('a level of a source counts when it is compared with baseline, and only then', () => {
  const rising: Sample[] = Array.from({ length: 3 * length + 40 }, (_, i) => ({
    at: i * 1000 + 300,
    value: (i < 30 ? 100 : 150) + (i % 3),
  }))
  const story = (max: Parameters<typeof measure>[3]): Story => ({
    measures: [measure('queue', { kind: 'level' }, 'count', max, {}, 'db')],
    baseline: { seconds: 60 },
    samples: { queue: rising },
  })
  assert.match(
    judgeSteady(run(story({ recovery: times(1.5) }))) ?? '',
    /^queue was not stable before the fault: the second half moved by \+49\.5 % \[.*\], allowed ±25 %/,
  )
  assert.equal(judgeSteady(run(story({ recovery: absolute(1000) }))), null)
})

test('levels around zero are compared as differences; few points say nothing', () => {
  const samples = (count: number): Sample[] => Array.from({ length: count }, (_, i) => ({ at: i * 1000, value: (i % 5) - 2 }))
  const lag = measure('lag', { kind: 'level' }, 'bytes', { recovery: times(1.5) }, {}, 'db')
  assert.equal(of({ measures: [lag], baseline: { seconds: 60 }, samples: { lag: samples(100) } }, 'lag').scale, 'difference')
  const slow = samples(7).map((sample, i) => ({ ...sample, at: i * 9000 }))
  const few = of({ measures: [lag], baseline: { seconds: 60 }, samples: { lag: slow } }, 'lag')
  assert.equal(few.estimate, null)
  assert.equal(few.sentence, 'lag before the fault: too few points to say whether it moved')
})

test('the halves of a baseline are judged against each other: an alarm there is a false one', () => {
  assert.equal(judge(run({ baseline: { seconds: 60 } })).halves.answer, 'yes')
  const stepped = judge(run({ baseline: { seconds: 60, latency: (i) => (i < 30 ? 50 : 120) } }))
  assert.equal(stepped.halves.answer, 'no')
  assert.ok(
    stepped.notes.some((note) =>
      note.startsWith('a false alarm before the fault: the second half of the baseline, judged against the first: '),
    ),
  )
  assert.equal(judge(run()).halves.answer, "can't tell", '10 s a half hold too little')
  const unbounded = judge(run({ measures: [errorRate({ fault: absolute(0.5, '50%') })], baseline: { seconds: 60 } }))
  assert.equal(unbounded.halves.answer, "can't tell")
})
