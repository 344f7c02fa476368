/** The standby: silent while the guardian lives or has ended in order, and the one who finishes the run when it is dead. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { markOpen, unmarkOpen } from '../../src/guardian/open-runs.ts'
import { type StandbyOrder, standBy } from '../../src/guardian/standby.ts'
import type { SweptRun } from '../../src/guardian/sweep.ts'
import { bootMs } from '../../src/system/clock.ts'

const gone = { pid: 2 ** 22 + 1, start: 1 }
const run = 'r1'

async function standing(options: { order?: Partial<StandbyOrder>; results?: SweptRun['result'][] } = {}) {
  const state = mkdtempSync(join(tmpdir(), 'squall-standby-'))
  markOpen(state, run)
  const input = new PassThrough()
  const said: string[] = []
  const sweeps: Readonly<Record<string, string>>[] = []
  const results = options.results ?? ['swept']
  const ended = standBy(state, run, {
    input,
    say: (line) => said.push(line),
    log: () => {},
    sweep(secrets) {
      sweeps.push(secrets)
      return Promise.resolve({ run, result: results[sweeps.length - 1] ?? 'swept', changes: [] })
    },
  }).finally(() => rmSync(state, { recursive: true, force: true }))
  const order: StandbyOrder = { runner: gone, guardian: gone, deadlineBoot: bootMs() + 60_000, secrets: { A: 'b' }, ...options.order }
  input.write(`${JSON.stringify(order)}\n`)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(said, ['ready'])
  return { input, ended, sweeps, close: () => unmarkOpen(state, run, () => {}) }
}

test('a dead guardian leaves an open run: it is swept, with the secrets that were handed over', async () => {
  const { input, ended, sweeps } = await standing()
  input.destroy()
  await ended
  assert.deepEqual(sweeps, [{ A: 'b' }])
})

test('a run that was closed in order is left alone', async () => {
  const { input, ended, sweeps, close } = await standing()
  close()
  input.destroy()
  await ended
  assert.deepEqual(sweeps, [])
})

test('one that is dismissed does nothing, although what is stuck keeps the run open', async () => {
  const { input, ended, sweeps } = await standing()
  input.write('{"say":"over"}\n')
  input.end()
  await ended
  assert.deepEqual(sweeps, [])
})

test('while another sweep is on the run it waits, and takes over when that one dies', async () => {
  const { input, ended, sweeps } = await standing({ results: ['held', 'swept'] })
  input.destroy()
  await ended
  assert.equal(sweeps.length, 2)
})

test('a guardian that is far over its deadline counts as dead though its pipe is open', async () => {
  const { ended, sweeps } = await standing({ order: { deadlineBoot: bootMs() - 60_000 } })
  await ended
  assert.equal(sweeps.length, 1)
})
