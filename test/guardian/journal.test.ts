import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { blockSize, createJournal, encodeRecord, type JournalRecord, reopenJournal } from '../../src/guardian/journal.ts'
import { changesToLookAt, foldJournal, type JournaledRun, parseJournal } from '../../src/guardian/journal-read.ts'
import { header, planned, recordsOf, tempFolder } from './support.ts'

const real = Buffer.concat([...recordsOf('r1').map((record) => encodeRecord(record)), Buffer.alloc(64)])
const written = new Set(parseJournal(real).records.map((record) => JSON.stringify(record)))

/** Every record that is read is one that was written. */
function nothingInvented(bytes: Buffer): ReturnType<typeof parseJournal> {
  const content = parseJournal(bytes)
  for (const record of content.records) assert.ok(written.has(JSON.stringify(record)), `invented: ${JSON.stringify(record)}`)
  return content
}

describe('a journal is never misread', () => {
  test('whole, it gives back what was written', () => {
    const content = parseJournal(real)
    assert.deepEqual(content.records, recordsOf('r1'))
    assert.equal(content.damaged, 0)
  })

  test('cut anywhere, it gives the records before the cut and no other', () => {
    for (let length = 0; length <= real.length; length++) {
      const { records } = nothingInvented(real.subarray(0, length))
      assert.deepEqual(records, recordsOf('r1').slice(0, records.length), `cut at ${length}`)
    }
  })

  test('with any single bit flipped, at most two records are lost, the damage is noticed, and none is invented', () => {
    const end = parseJournal(real).end
    for (let bit = 0; bit < end * 8; bit++) {
      const bytes = Buffer.from(real)
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
      const { records, damaged } = nothingInvented(bytes)
      assert.ok(records.length >= written.size - 2, `bit ${bit}: ${records.length} records left`)
      assert.ok(damaged > 0, `bit ${bit} went unnoticed`)
    }
  })

  test('with any bytes changed in any way, nothing is invented and nothing throws', () => {
    const change = fc.record({ at: fc.nat(real.length - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const bytes = Buffer.from(real)
        for (const { at, bytes: other } of changes) bytes.set(other.subarray(0, bytes.length - at), at)
        foldJournal(nothingInvented(bytes))
      }),
      { numRuns: 500 },
    )
  })

  test('any bytes at all are read without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        assert.equal(parseJournal(Buffer.from(bytes)).records.length, 0)
      }),
    )
  })
})

test('in a damaged journal every change is looked at, also one that says verified', () => {
  const whole = foldJournal(parseJournal(real)) as JournaledRun
  assert.deepEqual(changesToLookAt(whole), [])
  const bytes = Buffer.from(real)
  bytes[bytes.indexOf('undoing')] = 0x58
  const damaged = foldJournal(parseJournal(bytes)) as JournaledRun
  assert.deepEqual(
    changesToLookAt(damaged).map((change) => change.plan.key),
    ['one'],
  )
})

test('the newest saved state is the one to undo with; a change planned again begins anew', () => {
  const records = [...recordsOf('r1').slice(0, 5), planned('one', { state: { key: 'again' } })]
  const bytesOf = (some: JournalRecord[]): Buffer => Buffer.concat(some.map((record) => encodeRecord(record)))
  assert.deepEqual(foldJournal(parseJournal(bytesOf(records.slice(0, 5))))?.changes[0]?.state, { key: 'one', id: 7 })
  assert.deepEqual(foldJournal(parseJournal(bytesOf(records)))?.changes[0]?.state, { key: 'again' })
})

describe('a journal on disk', () => {
  test('is there as a whole block before anything is written, and grows by blocks', async (t) => {
    const { folder, remove } = tempFolder()
    t.after(remove)
    const path = join(folder, 'journal')
    const journal = await createJournal(path, header('r1'))
    assert.equal(statSync(path).size, blockSize)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    const long = 'x'.repeat(10_000)
    for (let i = 0; i < 10; i++) await journal.append({ is: 'saved', key: 'one', state: { i, long } })
    await journal.close()
    const { records, size } = parseJournal(readFileSync(path))
    assert.equal(records.length, 11)
    assert.equal(size % blockSize, 0)
  })

  test('that is torn takes a new record behind the torn one', async (t) => {
    const { folder, remove } = tempFolder()
    t.after(remove)
    const path = join(folder, 'journal')
    const journal = await createJournal(path, header('r1'))
    await journal.append(planned('one'))
    await journal.close()
    const { end } = parseJournal(readFileSync(path))
    truncateSync(path, end - 10)
    const torn = parseJournal(readFileSync(path))
    const again = await reopenJournal(path, torn.end, torn.size)
    await again.append({ is: 'run', state: 'closed' })
    await again.close()
    const { records, damaged } = parseJournal(readFileSync(path))
    assert.deepEqual([records.map((record) => record.is), damaged], [['header', 'run'], 1])
  })

  test('must not be there before', async (t) => {
    const { folder, remove } = tempFolder()
    t.after(remove)
    await (await createJournal(join(folder, 'journal'), header('r1'))).close()
    await assert.rejects(createJournal(join(folder, 'journal'), header('r1')), { code: 'EEXIST' })
  })

  test('on a full disk has room for what a rollback needs, then says that it is broken, and stays so', {
    skip: !canMount() && 'needs root to mount a tmpfs',
  }, async (t) => {
    const { folder, remove } = tempFolder()
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${blockSize + 4096}`, 'none', disk]).status, 0)
    t.after(() => {
      spawnSync('umount', [disk])
      remove()
    })
    const journal = await createJournal(join(disk, 'journal'), header('r1'))
    const state = { filler: 'x'.repeat(2_000) }
    let kept = 0
    const fill = async (): Promise<void> => {
      for (; ; kept++) await journal.append({ is: 'saved', key: 'one', state })
    }
    await assert.rejects(fill, /ENOSPC|no more bytes/)
    assert.ok(kept > 20, `only ${kept} records fitted`)
    assert.ok(journal.broken)
    await assert.rejects(journal.append({ is: 'run', state: 'closed' }), 'after a failure nothing is appended any more')
    await journal.close()
    const { records, damaged } = parseJournal(readFileSync(join(disk, 'journal')))
    assert.equal(records.length, kept + 1)
    assert.ok(damaged <= 1)
  })
})

function canMount(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0
}

describe('a fault that begins again', () => {
  const { is: _is, ...plan } = planned('one')
  const once = recordsOf('r1').slice(0, -1)
  const ending = (...more: JournalRecord[]): JournaledRun | null =>
    foldJournal(parseJournal(Buffer.concat([...once, ...more].map((record) => encodeRecord(record)))))
  const at = (run: JournaledRun | null): unknown => run?.changes.map((change) => change.at)

  test('is what it was the last time; its state of the time before counts no more', () => {
    const again: JournalRecord[] = [planned('one', { state: { key: 'one', time: 2 } }), { ...plan, is: 'injecting', state: { time: 2 } }]
    const run = ending(...again)
    assert.deepEqual([at(run), run?.changes[0]?.state], [['injecting'], { time: 2 }])
    assert.deepEqual(at(ending(...again, { is: 'change', key: 'one', state: 'unverified' })), ['unverified'])
  })

  test('and never did, ended as it had ended before', () => {
    assert.deepEqual(at(ending(planned('one'))), ['planned'], 'a sweep looks at it')
    assert.deepEqual(at(ending(planned('one'), { is: 'change', key: 'one', state: 'nothing to undo' })), ['verified'])
  })
})
