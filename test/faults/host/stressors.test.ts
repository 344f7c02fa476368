/** `memory` and `io` on this machine, small. The oracle reads /proc, not what the injector says. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { type ConformanceOptions, testInjector } from '../../../src/faults/conformance.ts'
import { io } from '../../../src/faults/host/io.ts'
import { memory } from '../../../src/faults/host/memory.ts'
import type { AnyInjector } from '../../../src/faults/injector.ts'
import { stressorsOf } from '../../../src/faults/stressor.ts'
import { readMemory } from '../../../src/system/memory.ts'
import { listPids, readCommandLine, readEnvironment } from '../../../src/system/proc.ts'
import { everything } from '../../helpers/length.ts'
import { until } from '../../helpers/processes.ts'
import { here, type Planned, planned } from './support.ts'

const long = everything ? false : 'long: SQUALL_TEST_ALL=1'
const mega = 1024 ** 2
const folder = mkdtempSync(join(tmpdir(), 'squall-io-'))
after(() => rmSync(folder, { recursive: true, force: true }))

async function during(injector: AnyInjector, spec: object, body: (fault: Planned) => Promise<void> | void, lasts = 60_000): Promise<void> {
  const fault = await planned(injector, spec, { lasts })
  try {
    await fault.inject()
    await body(fault)
  } finally {
    await fault.rollback()
  }
  assert.deepEqual(stressorsOf(fault.mark), [])
}

const statusOf = (pid: number, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0)

function suite(injector: AnyInjector, spec: object, entry: string): void {
  const isOurs = (pid: number): boolean =>
    readEnvironment(pid)?.get('SQUALL_MARK')?.startsWith(`conformance-${process.pid}-`) === true &&
    (readCommandLine(pid)?.some((word) => word.includes(entry)) ?? false)
  const options: ConformanceOptions = {
    world: () => Promise.resolve({ target: here, spec, isThere: () => listPids().some(isOurs), cleanUp: () => {} }),
  }
  describe('conformance', { skip: long }, () => {
    for (const check of testInjector(injector, options)) test(check.name, check.run)
  })
}

describe('memory', () => {
  test('holds what it was told to, and the kernel would take it first', () =>
    during(memory, { size: { bytes: 150 * mega } }, ({ mark }) => {
      const [pid = 0] = stressorsOf(mark)
      const held = statusOf(pid, 'RssAnon') / 1024
      assert.ok(held >= 149 && held < 175, `${held} MiB`)
      assert.equal(readFileSync(`/proc/${pid}/oom_score_adj`, 'latin1').trim(), '1000')
    }))
  test('is over at its deadline', { skip: long }, () =>
    during(memory, { size: { bytes: 64 * mega } }, ({ mark }) => until('its end', () => stressorsOf(mark).length === 0, 4_000), 1_500),
  )
  test('killed it is told as died', { skip: long }, () =>
    during(memory, { size: { bytes: 64 * mega } }, async ({ mark, look }) => {
      for (const pid of stressorsOf(mark)) process.kill(pid, 'SIGKILL')
      await until('its end', () => stressorsOf(mark).length === 0)
      assert.match((await look()).died ?? '', /killed/)
    }),
  )
  test('the last reserve is refused, and a share that is in use already', async () => {
    const { total } = readMemory()
    await assert.rejects(planned(memory, { size: { bytes: total } }), { code: 'target-protected', hint: /MiB or less/ })
    await assert.rejects(planned(memory, { size: { share: 0.00001 } }), { code: 'no-target' })
  })
  suite(memory, { size: { bytes: 48 * mega } }, 'memory-holder')
})

describe('io', () => {
  test('each worker writes, and none leaves a file', () =>
    during(io, { path: folder, workers: 2, size: 4 * mega }, async ({ mark, look }) => {
      const pids = stressorsOf(mark)
      assert.equal(pids.length, 2)
      const written = (): number[] => pids.map((pid) => Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1]))
      const before = written()
      await until('each to write 8 MiB', () => written().every((bytes, index) => bytes - (before[index] ?? 0) > 8 * mega))
      assert.deepEqual((await look()).hit, [2, 2])
      assert.deepEqual(readdirSync(folder), [])
    }))
  test('more than there is room for is refused', async () => {
    await assert.rejects(planned(io, { path: folder, workers: 1000, size: 1024 ** 4 }), { code: 'target-protected' })
    await assert.rejects(planned(io, { path: '/nowhere', workers: 1, size: mega }), { code: 'no-target' })
  })
  suite(io, { path: folder, workers: 1, size: mega }, 'io-worker')
})

describe('stressors', { skip: long }, () => {
  test('die with whoever started them', async () => {
    const program = `
import { memory } from ${JSON.stringify(new URL('../../../src/faults/host/memory.ts', import.meta.url).href)}
import { planned } from ${JSON.stringify(new URL('./support.ts', import.meta.url).href)}
const fault = await planned(memory, { size: { bytes: ${48 * mega} } })
await fault.inject()
console.log(fault.mark)
setInterval(() => {}, 1000)`
    const starter = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const mark = (await new Promise<string>((resolve) => starter.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())))).trim()
    assert.equal(stressorsOf(mark).length, 1)
    starter.kill('SIGKILL')
    await until('their end', () => stressorsOf(mark).length === 0, 1_000)
  })
})
