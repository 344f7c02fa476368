/** Crash points in short: guardian and runner are killed, or their disk fails, at chosen system calls. All of them: bench/kill/crash_points.py. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { findProgram, runChild } from '../../src/system/children.ts'
import { everything } from '../helpers/length.ts'

const bench = join(import.meta.dirname, '../../bench/kill')
const traced = process.platform === 'linux' && findProgram('strace') !== null

test('killed or failed at any system call, nothing is left behind', { skip: !traced && 'needs strace' }, async () => {
  const env = { ...process.env, SQUALL_NODE: process.execPath } as Record<string, string>
  const [sample, faults] = everything ? ['12', 'two,again'] : ['4', 'two']
  const argv = ['python3', join(bench, 'crash_points.py'), '--sample', sample, '--faults', faults, '--seed', '1', '--jobs', '4'] as const
  const result = await runChild({ argv, env, cwd: bench, timeLimit: 300_000 })
  assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`)
})
