/** The kill switch, timed by a look from outside. In short; by hand: npm run bench:halt. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runChild } from '../../src/system/children.ts'

const bench = join(import.meta.dirname, '../../bench/halt')

test('halt brings back 20 runs within 2 s, lets none begin afterwards, and stands until it is cleared', async () => {
  const env = { ...process.env, SQUALL_NODE: process.execPath } as Record<string, string>
  const argv = ['python3', join(bench, 'main.py'), '--quick', '--seed', '1'] as const
  const result = await runChild({ argv, env, cwd: bench, timeLimit: 300_000 })
  assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`)
})
