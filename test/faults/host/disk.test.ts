/** `disk` on small file systems of their own. The oracle is `df`'s number, read here, not by the injector. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { testInjector } from '../../../src/faults/conformance.ts'
import { fillDisk } from '../../../src/faults/disk/filling.ts'
import { disk } from '../../../src/faults/host/disk.ts'
import { stressorsOf } from '../../../src/faults/stressor.ts'
import { until } from '../../helpers/processes.ts'
import { here, type Planned, planned } from './support.ts'

const mega = 1024 ** 2
const folder = mkdtempSync(join(tmpdir(), 'squall-disk-'))
const [memory, ext4] = [join(folder, 'memory'), join(folder, 'ext4')]
const root = process.getuid?.() === 0
const long = process.env.SQUALL_TEST_ALL ? false : 'long: SQUALL_TEST_ALL=1'
const free = (dir: string): number => {
  const { bavail, bsize } = statfsSync(dir)
  return bavail * bsize
}
const state = process.env.SQUALL_STATE_DIR

async function during(spec: object, body: (fault: Planned) => Promise<void> | void, lasts?: number): Promise<void> {
  const fault = await planned(disk, spec, lasts === undefined ? {} : { lasts })
  try {
    await fault.inject()
    await body(fault)
  } finally {
    await fault.rollback()
  }
}

describe('disk at this machine', { skip: root ? false : 'mounting a small disk needs root' }, () => {
  before(() => {
    for (const dir of [memory, ext4]) mkdirSync(dir)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'squall-test', memory])
    if (long) return
    const image = join(folder, 'image')
    execFileSync('truncate', ['-s', '300M', image])
    execFileSync('mkfs.ext4', ['-q', '-m', '5', image])
    execFileSync('mount', ['-o', 'loop', image, ext4])
  })
  after(() => {
    execFileSync('umount', ['-l', memory])
    if (!long) execFileSync('umount', ['-l', ext4])
    rmSync(folder, { recursive: true })
    if (state === undefined) delete process.env.SQUALL_STATE_DIR
    else process.env.SQUALL_STATE_DIR = state
  })

  const checks = testInjector(disk, {
    world: () =>
      Promise.resolve({
        target: here,
        spec: { path: memory, leave: { bytes: 10 * mega } },
        isThere: () => free(memory) < 20 * mega,
        cleanUp: () => {},
      }),
  })
  for (const check of checks) test(check.name, { skip: long }, check.run)

  test('takes down to what is to be left, and what is freed meanwhile stays free', async () => {
    writeFileSync(join(memory, 'log'), Buffer.alloc(5 * mega))
    const before = free(memory)
    await during({ path: memory, leave: { bytes: 8 * mega } }, async ({ look }) => {
      assert.equal(free(memory), 8 * mega)
      assert.match((await look()).seen, /8\.0 MiB are free/)
      rmSync(join(memory, 'log'))
      await look()
      assert.equal(free(memory), 13 * mega)
    })
    assert.equal(free(memory), before + 5 * mega)
    assert.deepEqual(readdirSync(memory), [])
  })
  test('takes just as much as it is told to', async () => {
    const before = free(memory)
    await during({ path: memory, fill: 20 * mega }, () => assert.equal(before - free(memory), 20 * mega))
  })
  test('is over at its deadline, with nobody to undo it', async () => {
    const before = free(memory)
    await during({ path: memory, fill: 20 * mega }, () => until('the room to be back', () => free(memory) === before, 4_000), 1_500)
  })
  test('is over when its holder is killed', async () => {
    const before = free(memory)
    await during({ path: memory, fill: 20 * mega }, async ({ mark, look }) => {
      for (const pid of stressorsOf(mark)) process.kill(pid, 'SIGKILL')
      await until('the room to be back', () => free(memory) === before, 2_000)
      assert.equal((await look()).active, false)
    })
  })
  test('the last reserve is refused, and so is more than there is', async () => {
    await assert.rejects(planned(disk, { path: memory, leave: { bytes: 1000 } }), { code: 'target-protected', hint: /leave: 1MiB/ })
    await assert.rejects(planned(disk, { path: memory, fill: 64 * mega }), { code: 'target-protected', hint: /fill: 63MiB/ })
    await assert.rejects(planned(disk, { path: join(memory, 'none'), fill: mega }), { code: 'no-target' })
  })
  test('the file system of Squall’s state is refused, also where the state is yet to be made', async () => {
    process.env.SQUALL_STATE_DIR = join(memory, 'deep', 'state')
    await assert.rejects(planned(disk, { path: memory, fill: mega }), { code: 'target-protected', hint: /SQUALL_STATE_DIR/ })
    if (state === undefined) delete process.env.SQUALL_STATE_DIR
    else process.env.SQUALL_STATE_DIR = state
    await assert.rejects(planned(disk, { path: '/var', fill: mega }), { code: 'target-protected' })
  })
  test('an overlay on the disk of the state is refused too', async () => {
    const parts = ['lower', 'upper', 'work', 'merged'].map((name) => join(folder, name))
    for (const part of parts) mkdirSync(part)
    const [lower, upper, work, merged] = parts as [string, string, string, string]
    execFileSync('mount', ['-t', 'overlay', '-o', `lowerdir=${lower},upperdir=${upper},workdir=${work}`, 'overlay', merged])
    try {
      process.env.SQUALL_STATE_DIR = join(folder, 'state')
      await assert.rejects(planned(disk, { path: merged, fill: mega }), { code: 'target-protected' })
    } finally {
      execFileSync('umount', ['-l', merged])
    }
  })
  test('without fallocate the room is taken by writing', { skip: long }, async () => {
    const path = process.env.PATH
    process.env.PATH = ''
    try {
      const before = free(ext4)
      const { bytes, fd } = await fillDisk({ dir: ext4, name: '.squall-test', leave: 30 * mega, most: null, mounts: null })
      closeSync(fd)
      assert.ok(Math.abs(bytes - (before - 30 * mega)) < mega, `${bytes} of ${before}`)
    } finally {
      process.env.PATH = path
    }
  })
  test('on ext4 the reserve is what ordinary users see; root’s own blocks stay untouched', { skip: long }, async () => {
    const before = free(ext4)
    await during({ path: ext4, leave: { bytes: 20 * mega } }, () => {
      assert.ok(Math.abs(free(ext4) - 20 * mega) <= 64 * 1024, `${free(ext4)} left`)
      const { bfree, bsize } = statfsSync(ext4)
      assert.ok(bfree * bsize > free(ext4) + 10 * mega, 'root’s blocks are gone')
    })
    await until('the room to be back', () => free(ext4) === before, 2_000)
  })
})
