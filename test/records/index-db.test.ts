import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { countExperiments, findRun, indexFinish, indexRollback, indexStart, listRuns, unsettledRuns } from '../../src/records/index-db.ts'
import { closeLostRuns, reindex } from '../../src/records/lost-runs.ts'
import { readRun } from '../../src/records/read-run.ts'
import type { ChangeRecord } from '../../src/records/run-data.ts'
import { openRunWriter } from '../../src/records/run-file.ts'
import { indexPath, runDir } from '../../src/system/paths.ts'
import { change, plainJudge, second, startOf } from './samples.ts'

const root = mkdtempSync(join(tmpdir(), 'squall-index-'))
after(() => rmSync(root, { recursive: true, force: true }))
let folders = 0
function newState(): string {
  const state = join(root, String(folders++))
  mkdirSync(state)
  return state
}

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected
const dead = { pid: process.pid, start: 1 } // Our pid, but a process that began at boot: not us.

async function enter(state: string, id: string, more: { name?: string; startedAt?: string; runner?: typeof dead } = {}): Promise<void> {
  await indexStart({ id, name: 'one', hash: 'h', environment: 'test', startedAt: '2026-11-23T10:00:00.000Z', ...more }, state)
}
const end = (id: string) =>
  ({ id, outcome: 'passed', endedAt: '2026-11-23T10:05:00.000Z', exit: 0, rollback: 'verified', because: 'Passed.' }) as const

describe('history', () => {
  test('lists the runs of exactly one experiment, newest first, up to a limit', async () => {
    const state = newState()
    for (const n of [2, 1, 3]) await enter(state, `a${n}`, { startedAt: `2026-11-2${n}T10:00:00.000Z` })
    await enter(state, 'b1', { name: 'one-more' })
    await indexFinish(end('a2'), state)
    assert.deepEqual(
      (await listRuns({ name: 'one' }, state)).map((row) => row.id),
      ['a3', 'a2', 'a1'],
    )
    assert.deepEqual(
      (await listRuns({ name: 'one', limit: 2 }, state)).map((row) => [row.id, row.outcome]),
      [
        ['a3', null],
        ['a2', 'passed'],
      ],
    )
    assert.deepEqual(await listRuns({ name: 'on' }, state), [])
    const [first, other] = await countExperiments(state)
    assert.deepEqual([first?.name, first?.runs, first?.outcomes], ['one', 3, { running: 2, passed: 1 }])
    assert.equal(other?.name, 'one-more')
  })

  test('a run is found by its id, a unique beginning, or as the last one', async () => {
    const state = newState()
    await assert.rejects(findRun('last', state), code('run-not-found'))
    await enter(state, '20261123-1', { startedAt: '2026-11-23T10:00:01.000Z' })
    await enter(state, '20261123-12')
    assert.equal((await findRun('20261123-12', state)).id, '20261123-12')
    assert.equal((await findRun('20261123-1', state)).id, '20261123-1', 'a whole id is never ambiguous')
    assert.equal((await findRun('last', state)).id, '20261123-1')
    await assert.rejects(findRun('2026', state), code('run-ambiguous'))
    await assert.rejects(findRun('2027', state), code('run-not-found'))
    await assert.rejects(findRun('', state), code('run-not-found'))
    await assert.rejects(findRun('%', state), code('run-not-found'))
  })

  test('the first end of a run counts; a later sweep may better its rollback', async () => {
    const state = newState()
    await enter(state, 'a')
    assert.equal(await indexFinish({ ...end('a'), rollback: 'stuck', exit: 6 }, state), true)
    assert.equal(await indexFinish({ ...end('a'), outcome: 'failed' }, state), false)
    assert.deepEqual(
      (await unsettledRuns(state)).map(({ id }) => id),
      ['a'],
    )
    await indexRollback('a', 'verified', state)
    const { outcome, rollback, exit } = await findRun('a', state)
    assert.deepEqual([outcome, rollback, exit], ['passed', 'verified', 6])
    assert.deepEqual(await unsettledRuns(state), [])
  })

  test('a damaged index is a clear error, and is made again from the runs once moved away', async () => {
    const state = newState()
    const writer = await openRunWriter('r1', runDir('r1', state))
    writer.start(startOf())
    writer.finish({ verdict: plainJudge({}).verdict, outcome: 'passed', endedAt: '2026-11-23T10:00:01.000Z', exit: 0 })
    await writer.close()
    writeFileSync(indexPath(state), 'this is no database; '.repeat(100))
    await assert.rejects(listRuns({}, state), code('index-damaged'))
    rmSync(indexPath(state))
    mkdirSync(runDir('torn', state))
    writeFileSync(join(runDir('torn', state), 'run.db'), 'torn '.repeat(300))
    assert.deepEqual(await reindex(plainJudge, new Set(), state), { added: ['r1'], unreadable: ['torn'] })
    const row = await findRun('r1', state)
    assert.deepEqual([row.name, row.outcome, row.because], ['checkout-survives', 'passed', 'Passed.'])
  })
})

describe('runs without an end', () => {
  const free = { isHeld: () => false, judge: plainJudge }

  test('are closed as aborted (runner lost) at the last thing known, in file and index', async () => {
    const state = newState()
    await enter(state, 'r1', { runner: dead })
    const writer = await openRunWriter('r1', runDir('r1', state))
    writer.start(startOf())
    for (const t of [0, 1, 2]) writer.second(second(t))
    writer.change({ ...change, state: 'active', looks: change.looks })
    await writer.close()
    const journaled: ChangeRecord = { ...change, looks: [] }
    assert.deepEqual(await closeLostRuns({ ...free, changesOf: () => [journaled] }, state), ['r1'])
    const run = readRun(runDir('r1', state))
    assert.equal(run.endedAt, '2026-11-23T10:00:03.000Z')
    assert.equal(run.abort?.by, 'runner lost')
    assert.equal(run.exit, 4)
    assert.deepEqual(run.changes, [change], "the journal's last word, with the evidence that the runner had kept")
    const row = await findRun('r1', state)
    assert.deepEqual([row.outcome, row.ended_at, row.exit], ['aborted', run.endedAt, 4])
    assert.match(row.because ?? '', /runner lost/)
    assert.deepEqual(await closeLostRuns(free, state), [], 'a second look finds nothing to do')
  })

  test('are left alone while their runner lives or their guardian holds the lock', async () => {
    const state = newState()
    await enter(state, 'alive')
    await enter(state, 'guarded', { runner: dead })
    mkdirSync(runDir('guarded', state), { recursive: true })
    assert.deepEqual(await closeLostRuns({ ...free, isHeld: () => true }, state), [])
  })

  test('get an end in the index even when nothing or only rubbish was recorded', async () => {
    const state = newState()
    await enter(state, 'nothing', { runner: dead })
    await enter(state, 'rubbish', { runner: dead })
    mkdirSync(runDir('rubbish', state), { recursive: true })
    writeFileSync(join(runDir('rubbish', state), 'run.db'), 'rubbish '.repeat(200))
    assert.deepEqual((await closeLostRuns(free, state)).sort(), ['nothing', 'rubbish'])
    assert.equal((await findRun('rubbish', state)).outcome, 'aborted')
  })

  test('that ended in their file only are ended in the index by the next command', async () => {
    const state = newState()
    await enter(state, 'r1', { runner: dead })
    const writer = await openRunWriter('r1', runDir('r1', state))
    writer.start(startOf())
    writer.finish({ verdict: { outcome: 'failed', because: 'Failed.' }, outcome: 'failed', endedAt: '2026-11-23T10:00:01.000Z', exit: 1 })
    await writer.close()
    await closeLostRuns(free, state)
    const row = await findRun('r1', state)
    assert.deepEqual([row.outcome, row.exit, row.because, row.ended_at], ['failed', 1, 'Failed.', '2026-11-23T10:00:01.000Z'])
  })
})
