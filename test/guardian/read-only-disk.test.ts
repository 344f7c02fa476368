import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sweepRun } from '../../src/guardian/sweep.ts'
import { tryLock } from '../../src/system/flock.ts'
import { leftRun, tempFolder, valueFault } from './support.ts'

const root = process.platform === 'linux' && process.getuid?.() === 0

test('what a journal says is undone also when the disk takes nothing any more', {
  skip: !root && 'needs root to mount a tmpfs',
}, async (t) => {
  const { folder, remove } = tempFolder()
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'none', disk]).status, 0)
  t.after(() => {
    spawnSync('umount', ['-l', disk])
    remove()
  })
  const { state, dir, journal } = await leftRun(disk)
  tryLock(join(dir, 'lock'))?.release() // As a guardian has had it: the file is there.
  const before = readFileSync(journal)
  assert.equal(spawnSync('mount', ['-o', 'remount,ro', disk]).status, 0)
  const fault = valueFault()
  fault.set = true
  const log: string[] = []
  const swept = await sweepRun('r1', {
    state,
    injectors: [fault],
    secrets: {},
    log: (line) => void log.push(line),
    closeRecord: () => Promise.resolve(),
    onChange: () => {},
    tryFor: 100,
  })
  assert.deepEqual([swept.result, swept.changes.map((change) => change.state)], ['swept', ['verified']], log.join('\n'))
  assert.equal(fault.set, false)
  assert.deepEqual(readFileSync(journal), before)
  assert.match(log.join('\n'), /read-only/)
})
