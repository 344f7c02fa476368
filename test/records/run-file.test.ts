import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { readRun } from '../../src/records/read-run.ts'
import { openRunWriter, runFilePath } from '../../src/records/run-file.ts'
import { anyChange, anySample, anySecond, change, plainJudge, second, startOf } from './samples.ts'

const root = mkdtempSync(join(tmpdir(), 'squall-records-'))
after(() => rmSync(root, { recursive: true, force: true }))
let folders = 0
const newDir = (): string => join(root, String(folders++))

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected

describe('the record of a run', () => {
  test('gives back exactly what was handed over', async () => {
    const whole = fc.record({
      seconds: fc.uniqueArray(anySecond, { selector: (each) => each.t, maxLength: 6 }),
      samples: fc.dictionary(fc.string(), fc.array(anySample, { minLength: 1, maxLength: 4 }), { maxKeys: 3, noNullPrototype: true }),
      changes: fc.uniqueArray(anyChange, { selector: (each) => JSON.stringify([each.fault, each.target]), maxLength: 4 }),
      plan: fc.jsonValue(),
    })
    await fc.assert(
      fc.asyncProperty(whole, async ({ seconds, samples, changes, plan }) => {
        const dir = newDir()
        const writer = await openRunWriter('r1', dir)
        const start = { ...startOf(), plan }
        writer.start(start)
        writer.phase({ phase: 'baseline', from: 0.5, to: 2000 })
        for (const each of seconds) writer.second(each)
        for (const [name, series] of Object.entries(samples)) for (const sample of series) writer.sample(name, sample)
        for (const each of changes) writer.change(each)
        writer.event({ at: 1, level: 'warn', text: 'something', data: { a: Number.POSITIVE_INFINITY } })
        writer.abort({ by: 'operator', why: 'asked', breached: false, at: 7 })
        writer.error({ code: 'internal', message: 'no' })
        const verdict = { outcome: 'aborted', because: 'asked', more: [1, { n: Number.NaN }] } as const
        writer.finish({ verdict, outcome: 'aborted', endedAt: '2026-11-23T10:00:09.000Z', exit: 4 })
        await writer.close()
        assert.equal(writer.problem, undefined)
        assert.deepEqual(readRun(dir), {
          ...start,
          id: 'r1',
          endedAt: '2026-11-23T10:00:09.000Z',
          phases: [{ phase: 'baseline', from: 0.5, to: 2000 }],
          traffic: [...seconds].sort((a, b) => a.t - b.t),
          samples,
          changes,
          events: [{ at: 1, level: 'warn', text: 'something', data: { a: Number.POSITIVE_INFINITY } }],
          abort: { by: 'operator', why: 'asked', breached: false, at: 7 },
          error: { code: 'internal', message: 'no' },
          verdict,
          outcome: 'aborted',
          exit: 4,
        })
      }),
      { numRuns: 25 },
    )
  })

  test('keeps what was read again in place of what was read live', async () => {
    const dir = newDir()
    const writer = await openRunWriter('r1', dir)
    writer.start(startOf())
    writer.sample('p99', { at: 1000, missing: 'status 503' })
    writer.sample('queue', { at: 1000, value: 7 })
    const complete = [
      { at: 1000, over: 500, value: 3 },
      { at: 2000, over: 500, value: 4 },
    ]
    writer.samples('p99', complete)
    writer.sample('p99', { at: 3000, value: 5 })
    await writer.close()
    assert.deepEqual(readRun(dir).samples, { queue: [{ at: 1000, value: 7 }], p99: [...complete, { at: 3000, value: 5 }] })
  })

  test('can be read while the run goes on, and its open phase ends at the last thing known', async () => {
    const dir = newDir()
    const writer = await openRunWriter('r1', dir)
    writer.start(startOf())
    writer.phase({ phase: 'baseline', from: 0, to: Number.POSITIVE_INFINITY })
    writer.second(second(0))
    writer.second(second(1))
    await writer.flush()
    const seen = readRun(dir)
    assert.deepEqual(seen.phases, [{ phase: 'baseline', from: 0, to: 2000 }])
    assert.equal(seen.outcome, undefined)
    await writer.close()
  })

  test('keeps the newest word about a change, and the first about abort, error and end', async () => {
    const dir = newDir()
    const writer = await openRunWriter('r1', dir)
    writer.start(startOf())
    writer.change({ ...change, state: 'active' })
    writer.change({ ...change, target: 'another' })
    writer.change(change)
    writer.abort({ by: 'guard', why: 'first', breached: true, at: 1 })
    writer.abort({ by: 'operator', why: 'second', breached: false, at: 2 })
    for (const endedAt of ['2026-11-23T10:00:01.000Z', '2026-11-23T10:00:02.000Z']) {
      writer.finish({ verdict: plainJudge({}).verdict, outcome: 'passed', endedAt, exit: 0 })
    }
    await writer.close()
    const run = readRun(dir)
    assert.deepEqual(run.changes, [change, { ...change, target: 'another' }])
    assert.equal(run.abort?.why, 'first')
    assert.equal(run.endedAt, '2026-11-23T10:00:01.000Z')
  })

  test('is one plain file once closed, for nobody else to read', async () => {
    const dir = newDir()
    const writer = await openRunWriter('r1', dir)
    writer.start(startOf())
    await writer.close()
    assert.deepEqual(readdirSync(dir), ['run.db'])
  })

  test('tells once that the disk is full, keeps what was written and never throws at the run', async () => {
    const dir = newDir()
    const problems: string[] = []
    const writer = await openRunWriter('r1', dir, { maxBytes: 200_000, onProblem: (text) => problems.push(text) })
    writer.start(startOf())
    writer.second(second(0))
    await writer.flush()
    for (let t = 1; t < 40; t++) writer.second(second(t, { latencies: Array.from({ length: 2000 }, () => t) }))
    await writer.flush()
    writer.second(second(40))
    await writer.flush()
    await writer.close()
    assert.equal(problems.length, 1)
    assert.match(problems[0] ?? '', /full/)
    assert.equal(writer.problem, problems[0])
    assert.deepEqual(readRun(dir).traffic, [second(0)])
  })

  test('that cannot be created is a clear error', async () => {
    const file = join(root, 'a-file')
    writeFileSync(file, '')
    await assert.rejects(openRunWriter('r1', join(file, 'below')), code('record-not-written'))
  })
})

describe('a record that is not as it should be', () => {
  test('missing', () => assert.throws(() => readRun(newDir()), code('record-missing')))

  test('opened, but the run died before it began', async () => {
    const dir = newDir()
    await (await openRunWriter('r1', dir)).close()
    assert.throws(() => readRun(dir), code('record-missing'))
  })

  test('cut, overwritten, or no database at all', async () => {
    const dir = newDir()
    const writer = await openRunWriter('r1', dir)
    writer.start(startOf())
    for (let t = 0; t < 30; t++) writer.second(second(t, { latencies: Array.from({ length: 300 }, () => t) }))
    await writer.close()
    truncateSync(runFilePath(dir), 9000)
    assert.throws(() => readRun(dir), code('record-damaged'))
    writeFileSync(runFilePath(dir), 'no database, but long enough to look like something that could be one '.repeat(20))
    assert.throws(() => readRun(dir), code('record-damaged'))
  })

  test('from a newer Squall', async () => {
    const dir = newDir()
    const writer = await openRunWriter('r1', dir)
    writer.start(startOf())
    await writer.close()
    const db = new DatabaseSync(runFilePath(dir))
    db.exec('pragma user_version = 99')
    db.close()
    assert.throws(() => readRun(dir), code('record-too-new'))
  })
})
