/** The fuzz of the reader in its short form. By hand: npm run bench:fuzz. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runChild } from '../../src/system/children.ts'
import { everything } from '../helpers/length.ts'

const documents = everything ? 100_000 : 10_000

test(`${documents} mutated documents are each answered as promised`, async () => {
  const bench = join(import.meta.dirname, '../../bench/fuzz/main.ts')
  const result = await runChild({
    argv: [process.execPath, '--disable-warning=ExperimentalWarning', bench, '--documents', String(documents)],
    timeLimit: 550_000,
  })
  assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`)
  assert.match(result.stdout, new RegExp(`^seed \\d+, ${documents} documents in`))
})
