/** `descriptors` at a process that opens files as it is told, and says how that went. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { testInjector, type World } from '../../../src/faults/conformance.ts'
import type { Target } from '../../../src/faults/injector.ts'
import { findByMark } from '../../../src/faults/marks.ts'
import { descriptors } from '../../../src/faults/process/descriptors.ts'
import { readStat } from '../../../src/system/proc.ts'
import { everything } from '../../helpers/length.ts'
import { endProcess, until } from '../../helpers/processes.ts'
import { planned } from '../host/support.ts'

interface Opener {
  pid: number
  target: Target
  child: ChildProcess
  /** Opens one more file: `ok`, or the error. */
  open(): Promise<string>
}

async function startOpener(): Promise<Opener> {
  const program = `
const fs = require('fs')
for (let n = 0; n < 5; n++) fs.openSync('/dev/null')
fs.closeSync(fs.openSync('/dev/null') - 3) // A hole among the numbers.
process.stdin.on('data', () => { try { fs.openSync('/dev/null'); console.log('ok') } catch (e) { console.log(e.code) } })
console.log('ok')`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const said = (): Promise<string> =>
    new Promise((resolve) => child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim())))
  await said()
  const pid = child.pid as number
  const target: Target = { place: 'process', id: String(pid), name: 'opener', facts: { pid, start: readStat(pid)?.start ?? 0 } }
  const open = (): Promise<string> => {
    const answer = said()
    child.stdin.write('x')
    return answer
  }
  return { pid, target, child, open }
}

const softOf = (pid: number): string => /^Max open files\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'latin1'))?.[1] ?? ''

describe('descriptors', () => {
  test('just as many more can be opened as are left, and as many as before afterwards', async () => {
    const opener = await startOpener()
    try {
      const before = softOf(opener.pid)
      const fault = await planned(descriptors, { leave: 3 }, { target: opener.target })
      await fault.inject()
      const went: string[] = []
      for (let n = 0; n < 5; n++) went.push(await opener.open())
      assert.deepEqual(went, ['ok', 'ok', 'ok', 'EMFILE', 'EMFILE'])
      await fault.rollback()
      assert.equal(await opener.open(), 'ok')
      assert.equal(softOf(opener.pid), before)
    } finally {
      await endProcess(opener.child)
    }
  })
  test('a limit that somebody has set meanwhile stays, and is told', async () => {
    const opener = await startOpener()
    try {
      const fault = await planned(descriptors, { leave: 3 }, { target: opener.target })
      await fault.inject()
      execFileSync('prlimit', ['--pid', String(opener.pid), '--nofile=500:'])
      await fault.rollback()
      assert.equal(softOf(opener.pid), '500')
      assert.match((await fault.look()).changed ?? '', /500/)
    } finally {
      await endProcess(opener.child)
    }
  })
  test('they come back at the deadline, with nobody there to give them back', async () => {
    const opener = await startOpener()
    try {
      const before = softOf(opener.pid)
      const fault = await planned(descriptors, { leave: 3 }, { target: opener.target, lasts: 1_500 })
      await fault.inject()
      assert.notEqual(softOf(opener.pid), before)
      await until('the limit of before', () => softOf(opener.pid) === before)
      await until('the end of the timer', () => findByMark(`${fault.mark}/effect`).length === 0)
    } finally {
      await endProcess(opener.child)
    }
  })
  describe('conformance', { skip: everything ? false : 'long: SQUALL_TEST_ALL=1' }, () => {
    const world = async (): Promise<World> => {
      const { target, child, pid } = await startOpener()
      const before = softOf(pid)
      const gone = (): boolean => child.exitCode !== null || child.signalCode !== null
      const end = (): Promise<void> => endProcess(child)
      return { target, spec: { leave: 0 }, isThere: () => !gone() && softOf(pid) !== before, destroy: end, cleanUp: end }
    }
    for (const check of testInjector(descriptors, { world })) test(check.name, check.run)
  })
})
