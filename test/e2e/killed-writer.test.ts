import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { closeRecord } from '../../src/records/lost-runs.ts'
import { readRun } from '../../src/records/read-run.ts'
import { seededRandom } from '../../src/system/random.ts'
import { plainJudge } from '../records/samples.ts'

const root = mkdtempSync(join(tmpdir(), 'squall-killed-'))
after(() => rmSync(root, { recursive: true, force: true }))
const child = fileURLToPath(new URL('../records/writing-child.ts', import.meta.url))

/** Kills the writer `ms` after its first flush; gives the last second it had called safe. */
function writeAndKill(dir: string, ms: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [child, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    process_.stdout.on('data', (chunk: Buffer) => {
      if (said === '') setTimeout(() => process_.kill('SIGKILL'), ms)
      said += chunk.toString()
    })
    process_.once('error', reject)
    process_.once('close', () => resolve(Number(said.trimEnd().split('\n').at(-1))))
  })
}

test('a record whose writer was killed at any moment opens, and holds every second that was on disk', async (context) => {
  const seed = 20261123
  context.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const tries = 20
  for (let n = 0; n < tries; n++) {
    const dir = join(root, String(n))
    const safe = await writeAndKill(dir, random() * 60)
    const run = readRun(dir)
    assert.ok(run.traffic.length > safe, `${run.traffic.length} seconds, ${safe + 1} were flushed`)
    assert.deepEqual(
      run.traffic.map((each) => each.t),
      run.traffic.map((_, t) => t),
      'a second in the middle is missing',
    )
    assert.equal(run.samples.queue?.length, run.traffic.length)
    assert.equal(run.changes[0]?.injectedAt, run.traffic.length - 1)

    const closed = closeRecord(dir, { by: 'runner lost', why: 'killed by the test', judge: plainJudge })
    assert.equal(closed.outcome, 'aborted')
    assert.equal(Date.parse(closed.endedAt ?? '') - Date.parse(closed.startedAt), run.traffic.length * 1000)
    assert.deepEqual(closed.traffic, run.traffic)
  }
})
