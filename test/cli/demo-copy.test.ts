import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, suite, test } from 'node:test'
import { squall } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-demo-copy-'))
after(() => rmSync(folder, { recursive: true, force: true }))

suite('squall demo NAME --copy', () => {
  test('writes a document that is valid, and whose schema an editor finds from where it is now', async () => {
    const to = join(folder, 'experiments', 'breaker')
    assert.equal((await squall('demo', 'circuit-breaker', '--copy', to)).exit, 0)
    const document = join(to, 'experiment.yaml')
    assert.equal((await squall('validate', document)).exit, 0)
    const [, schema = ''] = /^# yaml-language-server: \$schema=(.*)$/m.exec(readFileSync(document, 'utf8')) ?? []
    assert.ok(existsSync(resolve(to, schema)), schema)
  })

  test('replaces nothing', async () => {
    const again = await squall('demo', 'circuit-breaker', '--copy', join(folder, 'experiments', 'breaker'))
    assert.equal(again.exit, 2)
    assert.match(again.stderr, /is there already/)
  })
})
