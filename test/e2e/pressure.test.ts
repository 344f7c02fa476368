/**
 * Rollback under pressure: runner and guardian live in cgroups of this test's own (version 1), which are brought to their limit once the faults act. Then
 * the runner is killed, so that the guardian is alone. What is left is looked at from outside, twice.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { aliveSame, readStat } from '../../src/system/proc.ts'
import { everything } from '../helpers/length.ts'
import { endProcess, stateOf, until } from '../helpers/processes.ts'
import { flagFault, openStage, pauseFault, type Stage } from './stage.ts'

const mega = 1024 ** 2
const hierarchies = '/sys/fs/cgroup'
const skip = !everything
  ? 'long: SQUALL_TEST_ALL=1'
  : process.getuid?.() !== 0
    ? 'limits and mounts need root'
    : !existsSync(join(hierarchies, 'pids/cgroup.procs')) && 'needs cgroups of version 1'

/** A cgroup of our own in one of the hierarchies. */
class Group {
  readonly folder: string
  constructor(kind: 'memory' | 'pids' | 'cpu') {
    this.folder = join(hierarchies, kind, `squall-test-${process.pid}`)
    mkdirSync(this.folder, { recursive: true })
  }
  set(name: string, value: number): void {
    writeFileSync(join(this.folder, name), String(value))
  }
  get(name: string): number {
    return Number(readFileSync(join(this.folder, name), 'latin1'))
  }
  take(pid: number): void {
    this.set('cgroup.procs', pid)
  }
  async remove(): Promise<void> {
    // What has lived in it may take a moment to be gone.
    await until('the cgroup to be empty', () => {
      try {
        rmdirSync(this.folder)
        return true
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'ENOENT'
      }
    })
  }
}

interface Scene {
  stage: Stage
  guardian: number
  runner: number
  /** Started in the test's cgroups, ended with the scene. */
  load(...argv: [string, ...string[]]): ChildProcess
}

const mounted = (folder: string, size: string): void =>
  void execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'none', folder])

async function scene(groups: readonly Group[], press: (scene: Scene) => Promise<void> | void, afterwards = (): void => {}): Promise<void> {
  const stage = await openStage()
  const loads: ChildProcess[] = []
  const disk = stage.path('disk')
  for (const folder of [disk, stage.state]) mkdirSync(folder, { mode: 0o700 })
  mounted(disk, '32m')
  mounted(stage.state, '24m')
  const free = (): number => statfsSync(disk).bavail * statfsSync(disk).bsize
  const all = free()
  const apart = spawn('unshare', ['-n', 'sleep', '300'], { stdio: 'ignore' })
  const tables = (): string =>
    spawnSync('nsenter', [`--net=/proc/${apart.pid}/ns/net`, 'nft', 'list', 'tables'], { encoding: 'utf8' }).stdout
  try {
    const namespace = (pid: number | 'self'): string => readlinkSync(`/proc/${pid}/ns/net`)
    await until('a network of its own', () => namespace(apart.pid as number) !== namespace('self'))
    const victim = await stage.victim('pressed')
    const faults = [
      pauseFault(victim),
      flagFault(stage),
      `  - type: disk\n    target: { host: local }\n    path: ${disk}\n    leave: 4MiB\n`,
      `  - type: partition\n    target: { host: local, netns: 'pid:${apart.pid}' }\n`,
      '  - type: memory\n    target: { host: local }\n    size: 64MiB\n',
      `  - type: descriptors\n    target: { process: { labels: { stage: ${(await stage.victim('few')).label} } } }\n`,
    ]
    const runner = stage.run(stage.document(faults.join('')))
    for (const group of groups) group.take(runner.pid)
    const { guardian } = await stage.started()
    const states = (): string[] => stage.journal()?.changes.map(({ at }) => at) ?? []
    await until('all faults to act', () => states().length === faults.length && states().every((state) => state === 'active'), 30_000)
    assert.equal(stateOf(victim.pid), 'T')
    assert.equal(free(), 4 * mega)
    assert.match(tables(), /squall_/)
    const start = readStat(guardian)?.start ?? 0
    const load: Scene['load'] = (program, ...rest) => {
      const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'ignore'] })
      for (const group of groups) group.take(child.pid as number)
      loads.push(child)
      return child
    }
    await press({ stage, guardian, runner: runner.pid, load })
    process.kill(runner.pid, 'SIGKILL')

    const nothingLeft = (): string[] =>
      [
        stateOf(victim.pid) === 'T' && 'the victim is stopped',
        existsSync(stage.path('flag')) && 'the file of the command is there',
        free() !== all && `the disk has ${free()} of ${all} free`,
        tables() !== '' && `tables of nft: ${tables().trim()}`,
        stage.marked().length > 0 && `marked: ${stage.marked().join()}`,
      ].filter((left) => left !== false)
    const from = performance.now()
    await until(`nothing to be left (${nothingLeft().join(', ')})`, () => nothingLeft().length === 0, 60_000)
    const took = performance.now() - from
    await until('the guardian to end', () => !aliveSame(guardian, start), 60_000)
    await sleep(2_000)
    assert.deepEqual(nothingLeft(), [])
    afterwards()
    process.stdout.write(`# restored after ${(took / 1000).toFixed(2)} s; ${states().join(', ')}\n`)
  } catch (error) {
    const log = spawnSync('sh', ['-c', `tail -n 40 ${stage.state}/runs/*/guardian.log`], { encoding: 'utf8' }).stdout
    throw new Error(`${(error as Error).message}\n${stage.said()}\n${log}`, { cause: error })
  } finally {
    for (const child of [...loads, apart]) await endProcess(child)
    for (const folder of [disk, stage.state]) spawnSync('umount', ['-l', folder])
    await stage.close()
    for (const group of groups) await group.remove()
  }
}

describe('a rollback works', { skip, concurrency: false }, () => {
  test('with no process more allowed', async () => {
    const pids = new Group('pids')
    let refused = 0
    const atLimit = ({ runner }: Scene): void => {
      // What the runner's end sets free is not to be had either.
      const threads = readdirSync(`/proc/${runner}/task`).length
      pids.set('pids.max', pids.get('pids.current') - threads)
    }
    await scene([pids], atLimit, () => {
      refused = Number(/max (\d+)/.exec(readFileSync(join(pids.folder, 'pids.events'), 'latin1'))?.[1])
    })
    assert.ok(refused > 0, 'the limit was never met')
  })
  test('with no descriptor more allowed', () =>
    scene([], ({ guardian }) => {
      // The numbers up to the highest are in use, but for holes: none more.
      const highest = Math.max(
        ...execFileSync('ls', [`/proc/${guardian}/fd`], { encoding: 'utf8' })
          .trim()
          .split('\n')
          .map(Number),
      )
      execFileSync('prlimit', ['--pid', String(guardian), `--nofile=${highest + 1}:${highest + 1}`])
    }))
  test('with 99 % of the memory in use', async () => {
    const memory = new Group('memory')
    memory.set('memory.limit_in_bytes', 900 * mega)
    await scene([memory], async ({ load }) => {
      const script = `
import time
held = []
group = '${memory.folder}/'
number = lambda name: int(open(group + name).read())
limit = number('memory.limit_in_bytes')
# All but pages of files: those the kernel gives back when somebody wants memory. What it needs itself for the others counts.
def used():
    stat = dict(line.split() for line in open(group + 'memory.stat'))
    return number('memory.usage_in_bytes') - int(stat['total_inactive_file']) - int(stat['total_active_file'])
while used() < limit * 0.985:
    held.append(bytearray(b'x' * 500000))
print('full', flush=True)
time.sleep(120)`
      const hog = load('python3', '-c', script)
      await new Promise((resolve, reject) => {
        hog.stdout?.once('data', resolve)
        hog.once('exit', (code, signal) => reject(new Error(`what fills the memory ended with ${code ?? signal}`)))
      })
    })
  })
  test('with a full disk under its state', () =>
    scene([], ({ stage }) => {
      spawnSync('dd', ['if=/dev/zero', `of=${stage.state}/ballast`, 'bs=64k'])
      assert.equal(statfsSync(stage.state).bavail, 0)
    }))
  test('beside 64 busy loops', async () => {
    // Among themselves; the rest of the machine has its share.
    const cpu = new Group('cpu')
    await scene([cpu], ({ load }) => {
      for (let n = 0; n < 64; n++) load('sh', '-c', 'while :; do :; done')
    })
  })
})
