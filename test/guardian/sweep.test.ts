import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { command } from '../../src/faults/own/command.ts'
import { createJournal, type JournalHeader, type PlannedRecord } from '../../src/guardian/journal.ts'
import { createResourceLocks } from '../../src/guardian/resource-locks.ts'
import { type SweptRun, sweepRun } from '../../src/guardian/sweep.ts'
import { tryLock, trySharedLock } from '../../src/system/flock.ts'
import { header as headerFor, planned as plannedFor } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-sweep-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let runs = 0

interface Planted {
  state: string
  run: string
  dir: string
  journal: string
  /** Appears when the sweep has run the journal's rollback program. */
  trace: string
  closed: string[]
  sweep(secrets?: Record<string, string>): Promise<SweptRun>
}

/** A journal that says a fault is active whose rollback leaves a trace. */
async function plant(header: Partial<JournalHeader> = {}, planned: Partial<PlannedRecord> = {}, injected = true): Promise<Planted> {
  const run = `run-${++runs}`
  const state = join(folder, `state-${runs}`)
  const dir = join(state, 'runs', run)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const trace = join(folder, `trace-${runs}`)
  const rollback = ['/bin/sh', '-c', `touch ${trace}`]
  const check = ['/bin/sh', '-c', `test ! -e ${trace} || exit 1`]
  const own = { inject: ['/bin/true'], rollback, check, cwd: '/', env: [], secrets: planned.secrets ?? [], timeout: 5000 }
  const change = plannedFor('own', { type: 'command', state: own, ...planned })
  const journal = await createJournal(join(dir, 'journal'), { ...headerFor(run), ...header })
  await journal.append(change)
  if (injected) {
    await journal.append({ ...change, is: 'injecting' })
    await journal.append({ is: 'change', key: 'own', state: 'active' })
  }
  await journal.close()
  const closed: string[] = []
  const sweep = (secrets: Record<string, string> = {}): Promise<SweptRun> =>
    sweepRun(run, {
      state,
      injectors: [command],
      secrets,
      log: () => {},
      closeRecord: async (path) => void closed.push(path),
      onChange: () => {},
      tryFor: 500,
    })
  return { state, run, dir, journal: join(dir, 'journal'), trace, closed, sweep }
}

describe('a sweep', () => {
  test('undoes what the journal says is active, and closes the record', async () => {
    const planted = await plant()
    const swept = await planted.sweep()
    assert.deepEqual([swept.result, swept.changes.map(({ state }) => state)], ['swept', ['verified']])
    assert.ok(existsSync(planted.trace))
    assert.equal(planted.closed.length, 1)
    assert.deepEqual((await planted.sweep()).changes, [], 'the second time there is nothing left to look at')
  })
  test('leaves alone what was only planned, even when the world looks as if: that is the doing of others', async () => {
    const planted = await plant({}, {}, false)
    const { changes } = await planted.sweep()
    assert.deepEqual(
      changes.map(({ state, why }) => [state, why]),
      [['nothing to undo', 'it was never injected']],
    )
    assert.ok(!existsSync(planted.trace))
  })
  test('asks the world about what was only planned when the journal is damaged: the intent may be lost', async () => {
    const planted = await plant({}, {}, false)
    const bytes = readFileSync(planted.journal)
    writeFileSync(planted.journal, Buffer.concat([bytes.subarray(0, bytes.indexOf('\0')), Buffer.from('\nhalf a rec')]))
    const { changes } = await planted.sweep()
    assert.deepEqual([changes.map(({ state }) => state), existsSync(planted.trace)], [['verified'], true])
  })
  test('is not turned away by one who only asks whether the lock is free', async () => {
    const planted = await plant()
    const lock = tryLock(join(planted.dir, 'lock'))
    setTimeout(() => lock?.release(), 100)
    assert.equal((await planted.sweep()).result, 'swept')
  })
  test('leaves a run alone whose guardian holds the lock', async () => {
    const planted = await plant()
    const lock = tryLock(join(planted.dir, 'lock'))
    assert.equal((await planted.sweep()).result, 'held')
    assert.ok(!existsSync(planted.trace))
    lock?.release()
  })
  test('two at once: each undo is applied by one', async () => {
    const planted = await plant()
    const results = await Promise.all([planted.sweep(), planted.sweep()])
    assert.deepEqual(results.map(({ result }) => result).sort(), ['held', 'swept'])
  })
  test('a journal of another machine, or of other namespaces, is left alone', async () => {
    const identity = headerFor('x').identity
    const elsewhere = await plant({ identity: { ...identity, machine: 'another' } })
    const inside = await plant({ identity: { ...identity, namespaces: { ...identity.namespaces, pid: 'pid:[1]' } } })
    for (const planted of [elsewhere, inside]) {
      assert.equal((await planted.sweep()).result, 'foreign')
      assert.ok(!existsSync(planted.trace))
    }
  })
  test("another user's journal is not run", async () => {
    const planted = await plant({ uid: 4711 })
    assert.equal((await planted.sweep()).result, 'foreign')
    assert.ok(!existsSync(planted.trace))
  })
  test('what needs a secret that is not there is stuck and says its name; once it is there, it is undone', async () => {
    const planted = await plant({}, { secrets: ['SWEEP_TOKEN'] })
    const [change] = (await planted.sweep()).changes
    assert.equal(change?.state, 'stuck')
    assert.match(change?.why ?? '', /needs the secret SWEEP_TOKEN.*By hand: /)
    assert.ok(!existsSync(planted.trace))
    const again = await planted.sweep({ SWEEP_TOKEN: 'it is here now' })
    assert.deepEqual([again.changes.map(({ state }) => state), existsSync(planted.trace)], [['verified'], true])
  })
  test('a module that is not what was injected with is not run: stuck, with what to do by hand', async () => {
    const file = join(folder, 'own.ts')
    const trace = join(folder, 'module-ran')
    writeFileSync(
      file,
      `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(trace)}, '')\nexport default { plan() {}, inject() {}, rollback() {}, look() {} }`,
    )
    const planted = await plant({}, { type: './own.ts', module: { path: file, hash: 'of what it was' } })
    const swept = await planted.sweep()
    assert.deepEqual(
      swept.changes.map(({ state }) => state),
      ['stuck'],
    )
    assert.match(swept.changes[0]?.why ?? '', /By hand: clear it/)
    assert.ok(!existsSync(trace), 'the changed module was loaded')
  })
})

describe('a planted journal', () => {
  const untrusted: [string, (planted: Planted) => void][] = [
    ['that is a link', ({ journal }) => (renameSync(journal, `${journal}-real`), symlinkSync(`${journal}-real`, journal))],
    ['with a second name', ({ journal }) => linkSync(journal, `${journal}-second`)],
    ['that others may write', ({ journal }) => chmodSync(journal, 0o666)],
    ['in a folder that others may write', ({ dir }) => chmodSync(dir, 0o777)],
    ['in a folder that is a link', ({ dir }) => (renameSync(dir, `${dir}-real`), symlinkSync(`${dir}-real`, dir))],
  ]
  if (process.getuid?.() === 0) untrusted.push(["that is another user's", ({ journal }) => chownSync(journal, 4711, 4711)])
  for (const [what, change] of untrusted) {
    test(`${what} is not acted on`, async () => {
      const planted = await plant()
      change(planted)
      assert.equal((await planted.sweep()).result, 'untrusted')
      assert.ok(!existsSync(planted.trace))
    })
  }
})

describe('locks of resources', () => {
  test('one key, one holder: refused for another fault of the run and for another run', () => {
    const key = `test:${process.pid}:${Date.now()}`
    const [mine, theirs] = [createResourceLocks(), createResourceLocks()]
    const of = (change: string): { key: string; fault: string } => ({ key: change, fault: change.split('~')[0] as string })
    mine.take(key, of('a'))
    mine.take(key, of('a'))
    assert.throws(() => mine.take(key, of('b')), /of this run both change/)
    assert.throws(() => mine.take(key, of('a~2')), /of this run both change/)
    assert.throws(() => theirs.take(key, of('a')), /another run is changing/)
    // Planned again, the fault's changes may stand in another order, for the first target may have ended.
    mine.planAgain('a')
    mine.take(key, of('a~2'))
    assert.throws(() => mine.take(key, of('a')), /of this run both change/)
    mine.releaseAll()
    theirs.take(key, of('a'))
    theirs.releaseAll()
  })
  test('every user of the machine can ask, whatever the umask, and nothing stays behind', () => {
    const path = join(folder, 'shared.lock')
    const before = process.umask(0o077)
    const [first, second] = [trySharedLock(path), trySharedLock(path)]
    process.umask(before)
    assert.ok(first !== null && second === null)
    assert.equal(statSync(path).mode & 0o777, 0o644)
    first.release()
    assert.equal(existsSync(path), false)
  })
})
