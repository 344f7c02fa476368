import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { clearHaltFlags, haltFlags, setHaltFlag, standingFlag, watchHaltFlags } from '../../src/guardian/halt-flag.ts'
import { until } from '../helpers/processes.ts'
import { tempFolder } from './support.ts'

/** A state folder and a machine's folder of its own. */
function machine(t: TestContext): string {
  const { folder, remove } = tempFolder()
  const before = process.env.SQUALL_MACHINE_DIR
  process.env.SQUALL_MACHINE_DIR = join(folder, 'machine')
  t.after(() => {
    if (before === undefined) delete process.env.SQUALL_MACHINE_DIR
    else process.env.SQUALL_MACHINE_DIR = before
    remove()
  })
  const state = join(folder, 'state')
  mkdirSync(state)
  return state
}

describe('the halt flag', () => {
  test('stands from set to clear; setting it twice is fine', (t) => {
    const state = machine(t)
    assert.equal(standingFlag(state), null)
    const flag = setHaltFlag(state)
    assert.equal(setHaltFlag(state), flag)
    assert.equal(standingFlag(state), flag)
    assert.deepEqual(clearHaltFlags(state), [])
    assert.equal(standingFlag(state), null)
  })

  test("stops a user's runs by the machine's folder as well as by the user's own", (t) => {
    const state = machine(t)
    for (const flag of haltFlags(state).filter((path) => path.startsWith(dirname(state)))) {
      mkdirSync(dirname(flag), { recursive: true })
      writeFileSync(flag, '')
      assert.equal(standingFlag(state), flag)
      rmSync(flag)
    }
    assert.equal(standingFlag(state), null)
  })

  test('that cannot be looked at counts as standing', (t) => {
    const state = machine(t)
    rmSync(state, { recursive: true })
    // A path that is too long for the kernel is an error that is neither "not there" nor "there".
    assert.notEqual(standingFlag(join(state, 'x'.repeat(5_000))), null)
  })

  test('is noticed by a guardian at once where the folder is watched, and by the poll where it is not there yet', async (t) => {
    const state = machine(t)
    for (const folder of [state, join(dirname(state), 'machine')]) {
      const seen: string[] = []
      const watcher = watchHaltFlags(state, (flag) => void seen.push(flag))
      t.after(() => watcher.stop())
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'halt'), '')
      await until('the flag to be seen', () => seen.length > 0, 1_000)
      assert.deepEqual(seen, [join(folder, 'halt')])
      rmSync(join(folder, 'halt'))
    }
  })
})
