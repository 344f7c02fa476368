/** The fuzz of the reader in its short form. By hand: npm run bench:fuzz. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runChild } from '../../src/system/children.ts'

test('100,000 mutated documents are each answered as promised', async () => {
  const bench = join(import.meta.dirname, '../../bench/fuzz/main.ts')
  const result = await runChild({ argv: [process.execPath, '--disable-warning=ExperimentalWarning', bench, '--quick'], timeLimit: 550_000 })
  assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`)
  assert.match(result.stdout, /^seed \d+, 100000 documents in/)
})
