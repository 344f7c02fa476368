import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { listRuns } from '../../src/records/index-db.ts'

const state = mkdtempSync(join(tmpdir(), 'squall-crowd-'))
after(() => rmSync(state, { recursive: true, force: true }))

test('twenty processes at once, on an index that is not there yet, lose no row', async () => {
  const child = fileURLToPath(new URL('../records/indexing-child.ts', import.meta.url))
  const codes = await Promise.all(
    Array.from({ length: 20 }, (_, own) => {
      const one = spawn(process.execPath, [child, state, String(own), '5'], { stdio: 'inherit' })
      return new Promise((resolve) => one.once('exit', resolve))
    }),
  )
  assert.deepEqual(new Set(codes), new Set([0]))
  const rows = await listRuns({ name: 'crowd', limit: 1000 }, state)
  assert.equal(new Set(rows.map((row) => row.id)).size, 100)
  assert.ok(rows.every((row) => row.outcome === 'passed'))
})
