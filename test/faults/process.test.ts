import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { SquallError } from '../../src/errors.ts'
import type { Context, Json } from '../../src/faults/injector.ts'
import { findByMark, killByMark } from '../../src/faults/marks.ts'
import { openModuleInjector } from '../../src/faults/own/module.ts'
import { findProcesses, globPattern } from '../../src/faults/process/find.ts'
import { kill } from '../../src/faults/process/kill.ts'
import { pause } from '../../src/faults/process/pause.ts'
import { resolveTargets } from '../../src/faults/resolve.ts'
import { endSpareChild, keepSpareChild } from '../../src/system/spare-child.ts'
import { endProcess, labelled, startVictim, stateOf, until, type Victim } from '../helpers/processes.ts'

let marks = 0
function context(deadlineMs = 60_000): Context<never> & { saved: Json } {
  const made = {
    mark: `unit-${process.pid}-${++marks}/fault`,
    deadline: new Date(Date.now() + deadlineMs),
    signal: new AbortController().signal,
    folder: '/',
    log: () => {},
    secret: () => Promise.reject(new Error('none')),
    random: () => 0,
    saved: null as Json,
    save(state: Json) {
      made.saved = state
      return Promise.resolve()
    },
  }
  return made as never
}

const victims: Victim[] = []
async function victim(argv?: [string, ...string[]], env?: Record<string, string>): Promise<Victim> {
  const made = await startVictim(argv, env)
  victims.push(made)
  return made
}
after(() => Promise.all(victims.map((one) => one.end())))

const code = (expected: string) => (error: unknown) => error instanceof SquallError && error.code === expected

describe('which processes a target means', () => {
  test('labels, name and command line must all match', async () => {
    const one = await victim()
    await victim()
    assert.deepEqual(
      findProcesses({ labels: { test: one.label } }).map(({ stat }) => stat.pid),
      [one.pid],
    )
    assert.equal(findProcesses({ labels: { test: one.label }, name: 'slee?' }).length, 1)
    assert.equal(findProcesses({ labels: { test: one.label }, command: '*leep 3*' }).length, 1)
    assert.equal(findProcesses({ labels: { test: one.label }, name: 'node' }).length, 0)
  })
  test('a listening port names its process', async () => {
    const child = spawn(
      process.execPath,
      ['-e', 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>console.log(s.address().port))'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    try {
      const port = Number(await new Promise<string>((resolve) => child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))))
      assert.deepEqual(
        findProcesses({ port }).map(({ stat }) => stat.pid),
        [child.pid],
      )
    } finally {
      await endProcess(child as ChildProcess)
    }
  })
  test('a glob is literal but for * and ?', () => {
    assert.ok(globPattern('a.b*').test('a.bcd'))
    assert.ok(!globPattern('a.b*').test('axbcd'))
    assert.ok(!globPattern('b').test('abc'))
  })
  test('a share of them is rounded down, at least one, and the seed decides which', async () => {
    const label = (await victim()).label
    for (let more = 0; more < 4; more++) await victim(['sleep', '301'], { SQUALL_LABELS: `test=${label}` })
    const pick = async (share: number, random: () => number): Promise<string[]> =>
      (await resolveTargets({ ...labelled(label), pick: { share } }, { random, protect: [] })).map(({ id }) => id)
    assert.equal((await pick(0.5, () => 0)).length, 2)
    assert.equal((await pick(0.01, () => 0)).length, 1)
    assert.deepEqual(await pick(0.5, () => 0.3), await pick(0.5, () => 0.3))
    assert.notDeepEqual(await pick(0.01, () => 0), await pick(0.01, () => 0.99))
  })
  test('nothing matches: said, not guessed', async () => {
    await assert.rejects(resolveTargets(labelled('nobody-has-this'), { random: () => 0, protect: [] }), code('no-target'))
  })
  test("Squall's own helpers are no target, though they run the same program as a service would", async () => {
    keepSpareChild()
    const module = join(mkdtempSync(join(tmpdir(), 'squall-own-')), 'own.ts')
    writeFileSync(
      module,
      "export default { type: 'o', places: ['none'], needs: () => [], plan() {}, inject() {}, rollback() {}, look() {} }",
    )
    const host = await openModuleInjector({ path: module, role: 'rollback', mark: 'unit/o', folder: '/' })
    const all = { place: 'process' as const, query: { command: '*node*' }, pick: { all: true as const }, narrowing: {} }
    const found = await resolveTargets(all, { random: () => 0, protect: [process.pid] }).catch(() => [])
    const commands = found.map(({ facts }) => String(facts.command))
    host.close()
    endSpareChild()
    const ours = join(import.meta.dirname, '../..')
    assert.deepEqual(
      commands.filter((text) => text.includes(ours) && /spare-child|module-host/.test(text)),
      [],
    )
  })
  test('pid 1, our own ancestors and Squall are refused', async () => {
    const marked = await victim(['sleep', '302'], { SQUALL_ROLE: 'guardian' })
    await assert.rejects(resolveTargets(labelled(marked.label), { random: () => 0, protect: [] }), code('target-protected'))
    const free = await victim()
    await assert.rejects(resolveTargets(labelled(free.label), { random: () => 0, protect: [free.pid] }), code('target-protected'))
    const first = { place: 'process' as const, query: { command: '*' }, pick: { all: true as const }, narrowing: {} }
    const all = await resolveTargets(first, { random: () => 0, protect: [process.pid] })
    const pids = all.map(({ facts }) => facts.pid)
    assert.ok(!pids.includes(1) && !pids.includes(process.pid) && !pids.includes(process.ppid))
  })
})

describe('pause', () => {
  test('a later process with the same pid is never signalled', async () => {
    const one = await victim()
    const made = context()
    const change = await pause.plan({}, await one.target(), made)
    const other = { ...change.state, start: Number(change.state.start) - 1 }
    await assert.rejects(Promise.resolve(pause.inject(other, made)), code('no-target'))
    assert.equal(stateOf(one.pid), 'S')
    process.kill(one.pid, 'SIGSTOP')
    await until('it to stop', () => stateOf(one.pid) === 'T')
    await pause.rollback(other, made)
    assert.equal(stateOf(one.pid), 'T', 'a process that is not the planned one was continued')
  })
  test('what was stopped before is not ours to continue', async () => {
    const one = await victim()
    process.kill(one.pid, 'SIGSTOP')
    await until('it to stop', () => stateOf(one.pid) === 'T')
    await assert.rejects(async () => pause.plan({}, await one.target(), context()), code('already-stopped'))
  })
  test('its timer continues the process when nobody else does', async () => {
    const one = await victim()
    const made = context(1_500)
    const change = await pause.plan({}, await one.target(), made)
    await pause.inject(change.state, made)
    await until('the stop', () => stateOf(one.pid) === 'T')
    await until('the timer', () => stateOf(one.pid) === 'S', 6_000)
    await until('the timer to be gone', () => findByMark(`${made.mark}/effect`).length === 0)
  })
  test('rolled back, no timer is left', async () => {
    const one = await victim()
    const made = context()
    const change = await pause.plan({}, await one.target(), made)
    await pause.inject(change.state, made)
    await pause.rollback(change.state, made)
    assert.deepEqual(findByMark(`${made.mark}/effect`), [])
    await until('it to run again', () => stateOf(one.pid) === 'S')
  })
})

describe('kill beside a supervisor', () => {
  /** Starts its program again, some ms after it has ended. */
  function supervise(label: string, delay: number): ChildProcess {
    const script = `const{spawn}=require('child_process');let n=0;const go=()=>{if(n++<5)spawn('sleep',['303'],{stdio:'ignore',env:{PATH:process.env.PATH,SQUALL_LABELS:'test=${label}'}}).on('exit',()=>setTimeout(go,${delay}))};go();setInterval(()=>{},1000)`
    return spawn(process.execPath, ['-e', script], { stdio: 'ignore' })
  }
  for (const delay of [50, 1_300]) {
    test(`never a second instance, even when the supervisor takes ${delay} ms`, async () => {
      const label = `supervised-${process.pid}-${delay}`
      const supervisor = supervise(label, delay)
      const alike = (): number[] => findProcesses({ labels: { test: label } }).map(({ stat }) => stat.pid)
      try {
        await until('the first instance', () => alike().length === 1)
        const [target] = await resolveTargets(labelled(label), { random: () => 0, protect: [] })
        const made = context()
        let { state } = await kill.plan({ restart: ['sleep', '303'] }, target as never, made)
        await kill.inject(state, made)
        // The rollback comes at once: the hardest moment, since the supervisor has not acted yet.
        for (let tries = 0; tries < 10; tries++) {
          state = (made.saved as never) ?? state
          await kill.rollback(state, made)
          await new Promise((resolve) => setTimeout(resolve, 400))
        }
        await until('exactly one instance', () => alike().length === 1)
        assert.equal((await kill.look((made.saved as never) ?? state, made)).active, false)
      } finally {
        await endProcess(supervisor)
        for (const pid of alike()) process.kill(pid, 'SIGKILL')
      }
    })
  }
})

describe('marks', () => {
  test('a process is found by its mark, whoever is its parent, and ended', async () => {
    const mark = `unit-${process.pid}-mark/inject`
    const one = await victim(['setsid', 'sleep', '304'], { SQUALL_MARK: mark })
    const other = await victim(['sleep', '304'], { SQUALL_MARK: `${mark}2` })
    await until('it to be found', () => findByMark(mark).length > 0)
    assert.ok((await killByMark(mark)).length >= 1)
    assert.deepEqual(findByMark(mark), [])
    assert.equal(stateOf(other.pid), 'S')
    void one
  })
})
