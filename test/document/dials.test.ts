import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { experiment } from '../../src/document/define.ts'
import { beginsOf, stretchesOf } from '../../src/document/fault-times.ts'
import { documentWith, problemsOf, valid } from './support.ts'

const cpu = (lines: string): string => documentWith({ faults: `faults:\n  - type: cpu\n    target: { host: local }\n    ${lines}` })
const pause = (lines: string): string => documentWith({ faults: `faults:\n  - type: pause\n    target: { process: x }\n    ${lines}` })

test('a range gives the dial both its ends in base units, and the parameter the value it begins with', () => {
  const [fault] = valid(cpu('load: 10%..95%\n    ramp: 20s\n    for: 30s')).experiment.faults
  assert.deepEqual(fault?.spec, { load: 0.1 })
  assert.deepEqual(fault?.dials, { load: { from: 0.1, to: 0.95, unit: 'share' } })
  assert.deepEqual([fault?.ramp, fault?.for], [20_000, 30_000])
})

test('a range may fall, and may come from a variable', () => {
  const [fault] = valid(
    documentWith({
      rest: 'vars: { most: 90% }',
      faults: 'faults:\n  - { type: cpu, target: { host: local }, load: "${most}..5%" }',
    }),
  ).experiment.faults
  assert.deepEqual(fault?.dials, { load: { from: 0.9, to: 0.05, unit: 'share' } })
})

test('a fault without ranges has no dials', () => {
  const [fault] = valid(cpu('load: 95%')).experiment.faults
  assert.ok(fault && !('dials' in fault) && !('ramp' in fault) && !('every' in fault))
})

test('a fault that begins again keeps its interval; a warning comes when it leaves no time to look twice', () => {
  const found = valid(pause('for: 10s\n    every: 30s'))
  assert.equal(found.experiment.faults[0]?.every, 30_000)
  assert.deepEqual(found.warnings, [])
  const [warning] = valid(pause('for: 10s\n    every: 12s')).warnings
  assert.deepEqual([warning?.code, warning?.fix], ['every-too-short', 'write 13s or more'])
})

const wrong: [lines: string, code: string, place: string, fix: string][] = [
  ['load: 10%..abc', 'quantity', '8:11', 'write a share such as 5%'],
  ['load: 10..95', 'quantity', '8:11', 'write 10%..95%'],
  ['load: 150%..120%', 'quantity', '8:11', 'write 100%..100%'],
  ['load: 10%..5s', 'quantity', '8:11', 'write a share such as 5%'],
  ['load: 10%..', 'quantity', '8:11', 'write two values with .. between them, or 10% alone'],
  ['load: ..95%', 'quantity', '8:11', 'write two values with .. between them, or 95% alone'],
  ['load: 10% .. 95%', 'quantity', '8:11', 'write 10%..95%'],
  ['load: 10%-95%', 'quantity', '8:11', 'write 10%..95%'],
  ['load: 10%...95%', 'quantity', '8:11', 'write 10%..95%'],
  ['load: 10% to 95%', 'quantity', '8:11', 'write 10%..95%'],
  ['load: 10 to 95', 'quantity', '8:11', 'write 10%..95%'],
  ['load: 50%..50%', 'value-not-allowed', '8:11', 'write 50%'],
  ['load: 50%\n    cores: 1..2', 'no-dial', '9:12', 'write one value, e.g. 2'],
  ['load: 50%\n    ramp: 10s', 'ramp-without-range', '9:5', 'write load as a range a..b, or remove ramp'],
  ['load: 5%..50%\n    ramp: 0s', 'value-not-allowed', '9:11', 'write e.g. ramp: 30s, or one value instead of a range'],
  ['load: 5%..50%\n    ramp: 30s\n    for: 20s', 'ramp-too-long', '9:11', 'write 20s or less'],
  ['load: 5%..50%\n    ramp: 30', 'quantity', '9:11', 'write 30ms or 30s'],
  ['load: 5%..50%\n    every: 20s\n    for: 20s', 'every-too-short', '9:12', 'write 23s or more'],
  ['load: 5%..50%\n    every: 30s', 'every-without-for', '9:12', 'add e.g. for: 10s'],
]
for (const [lines, code, place, fix] of wrong) {
  test(`wrong: ${JSON.stringify(lines)}`, () => {
    const [first, ...more] = problemsOf(cpu(lines))
    assert.deepEqual([first?.code, `${first?.line}:${first?.column}`, first?.fix ?? ''], [code, place, fix])
    // Both ends of a range may be wrong, each is said; the same fix mends both.
    for (const other of more) assert.equal(other.fix, first?.fix)
  })
}

test('what the fix of a range says is a range that reads', () => {
  for (const [lines] of wrong) {
    const fixed = /^write (\S+\.\.\S+)$/.exec(problemsOf(cpu(lines))[0]?.fix ?? '')?.[1]
    if (fixed && fixed !== '100%..100%') valid(cpu(`load: ${fixed}`))
  }
})

test('a text as long as a book is told apart from a range at once', () => {
  const started = performance.now()
  problemsOf(cpu(`load: "${'1..'.repeat(100_000)} "`))
  assert.ok(performance.now() - started < 2_000)
})

test('other mistakes come at the same time, those of the range once', () => {
  assert.deepEqual(
    problemsOf(cpu('load: 10%..200%\n    cores: 1.5\n    lod: 3')).map(({ code, line }) => [code, line]),
    [
      ['quantity', 8],
      ['quantity', 9],
      ['key-unknown', 10],
    ],
  )
})

test('an own fault: a ramp needs something written as a range', () => {
  const own = (lines: string): string => documentWith({ faults: `faults:\n  - type: ./nothing.ts\n    ${lines}` })
  assert.deepEqual(
    problemsOf(own('with: { level: 3 }\n    ramp: 5s')).map(({ code }) => code),
    ['module-missing', 'ramp-without-range'],
  )
  assert.deepEqual(
    problemsOf(own('with: { level: 1..3 }\n    ramp: 5s')).map(({ code }) => code),
    ['module-missing'],
  )
})

test('against the phase: a ramp that does not arrive, a repetition that never comes', () => {
  const [ramp] = valid(cpu('load: 5%..50%\n    ramp: 4m')).warnings
  assert.deepEqual([ramp?.code, ramp?.line, ramp?.fix], ['beyond-phase', 9, 'write 2m or less, or lengthen phases.fault'])
  assert.match(ramp?.message ?? '', /goes 50% of the way/)
  const [every] = valid(pause('for: 30s\n    every: 2m')).warnings
  assert.deepEqual([every?.code, every?.line], ['beyond-phase', 9])
})

test('repetitions dilute less than their pauses suggest: every time counts', () => {
  const rest = 'measures: { error_rate: { max: { fault: 10% } } }'
  const faults = 'faults:\n  - type: pause\n    target: { process: x }\n    for: 10s\n    every: 20s'
  const [warning] = valid(documentWith({ rest, faults })).warnings
  assert.match(warning?.message ?? '', /the faults act for 1m of the 2m/)
})

test('times: in order, apart from each other, each whole, as many as fit', () => {
  const ms = fc.integer({ min: 1, max: 100_000 })
  fc.assert(
    fc.property(ms, ms, ms, fc.integer({ min: 0, max: 50_000 }), (lasting, pause, phase, after) => {
      const fault = { after, for: lasting, every: lasting + pause }
      const stretches = stretchesOf(fault, phase)
      assert.equal(stretches.length, beginsOf(fault, phase).length)
      assert.equal(stretches.length > 0, after < phase)
      for (const [index, [from, to]] of stretches.entries()) {
        assert.ok(to <= phase && from < to)
        const next = stretches[index + 1]
        if (next) assert.ok(next[0] - from === fault.every && next[0] > to)
        if (index > 0) assert.equal(to - from, lasting)
      }
      const last = stretches.at(-1)
      if (last) assert.ok(last[0] + fault.every + lasting > phase, 'one more would fit')
    }),
  )
})

test('in TypeScript a range has the unit of its dial at both ends', () => {
  const base = { name: 'a', hypothesis: 'b', environment: 'test' } as const
  const cpuFault = { type: 'cpu', target: { host: 'local' } } as const
  assert.ok(experiment({ ...base, faults: [{ ...cpuFault, load: '10%..50%', ramp: '5s', for: '10s', every: '30s' }] }))
  // @ts-expect-error a load is a share
  assert.ok(experiment({ ...base, faults: [{ ...cpuFault, load: '10%..5s' }] }))
  // @ts-expect-error a pause has nothing that moves
  assert.ok(experiment({ ...base, faults: [{ type: 'pause', target: { process: 'x' }, ramp: '5s' }] }))
})
