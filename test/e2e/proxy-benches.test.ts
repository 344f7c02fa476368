/** The benches of the proxy in their shortest form: what must be exact is, and what is fast is measured at all. By hand: npm run bench:proxy, bench:fidelity. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { findGo } from '../../scripts/lib/go-programs.ts'
import { runChild } from '../../src/system/children.ts'
import { everything } from '../helpers/length.ts'
import { withoutToxiproxy } from '../helpers/toxiproxy.ts'

const benches = join(import.meta.dirname, '../../bench')
const longOnly = everything ? false : 'only with SQUALL_TEST_ALL=1'
const goIsMissing = findGo() === null ? 'no Go' : false

test('bench:fidelity: bytes, cuts, stalls and resets are exact, judged by peers in Python', { skip: longOnly }, async () => {
  const env = { ...process.env, SQUALL_NODE: process.execPath } as Record<string, string>
  const argv = ['python3', join(benches, 'fidelity/main.py'), '--quick', '--lenient', '--only', 'proxy'] as const
  const result = await runChild({ argv, env, timeLimit: 180_000 })
  assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`)
})

test('bench:proxy measures all that it says', { skip: longOnly || withoutToxiproxy || goIsMissing }, async () => {
  const flags = ['--disable-warning=ExperimentalWarning', join(benches, 'proxy/main.ts'), '--rounds', '1', '--seconds', '0.05', '--json']
  const result = await runChild({ argv: [process.execPath, ...flags], timeLimit: 180_000 })
  // 1: a gate was missed, which so short a look at a busy machine says nothing about.
  assert.ok(result.code === 0 || result.code === 1, `${result.code}\n${result.stderr}`)
  const { rows } = JSON.parse(result.stdout) as { rows: { what: string; values: Record<string, string> }[] }
  const measured = rows.map(({ what }) => what)
  for (const what of ['no toxics: bulk, 64 connections', 'latency 10 ms: echo p99', 'no toxics: opened', 'memory at 5000 idle connections'])
    assert.ok(measured.includes(what), `${what}: ${measured.join('; ')}`)
})
