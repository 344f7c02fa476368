/** The evil list of what may happen to a run, each item with its end. An outside look decides, not Squall's. */
import assert from 'node:assert/strict'
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { everything } from '../helpers/length.ts'
import { flagFault, pauseFault, type Stage, squall, stateOf, until, withStage } from './stage.ts'

const heartbeat = 5_000

const frozen = (pid: number): Promise<void> => until('the victim to be stopped', () => stateOf(pid) === 'T', 20_000)
const runs = (pid: number, ms?: number): Promise<void> => until('the victim to run again', () => stateOf(pid) === 'S', ms)
const gone = (pid: number, ms: number): Promise<void> => until(`process ${pid} to end`, () => ['', 'Z'].includes(stateOf(pid)), ms)

/** Stops guardian and runner while a victim is frozen and a file is there, then kills them; `before` runs while they are stopped. */
async function bothKilled(stage: Stage, before: () => Promise<void> = () => Promise.resolve()): Promise<{ pid: number }> {
  const victim = await stage.victim('v')
  const runner = stage.run(stage.document(`${pauseFault(victim)}${flagFault(stage)}`, { fault: '3s' }))
  const { guardian } = await stage.started()
  await until('both faults to be there', () => stateOf(victim.pid) === 'T' && existsSync(stage.path('flag')), 20_000)
  process.kill(runner.pid, 'SIGSTOP')
  process.kill(guardian, 'SIGSTOP')
  await before()
  process.kill(guardian, 'SIGKILL')
  process.kill(runner.pid, 'SIGKILL')
  return victim
}

describe('whoever stands still', { concurrency: 4 }, () => {
  test(
    'a runner that is stopped is given up: rolled back, ended, recorded as lost',
    withStage(async (stage) => {
      const victim = await stage.victim('v')
      const runner = stage.run(stage.document(pauseFault(victim)))
      const { guardian } = await stage.started()
      await frozen(victim.pid)
      process.kill(runner.pid, 'SIGSTOP')
      await runs(victim.pid, heartbeat + 2_500)
      await gone(runner.pid, 12_000)
      await gone(guardian, 10_000)
      const record = await stage.record()
      assert.deepEqual([record.outcome, record.exit, record.rollback], ['aborted', 4, 'verified'])
      assert.match(record.because ?? '', /runner/)
    }),
  )

  test(
    'a runner that wakes up in time knows it was given up and only records',
    withStage(async (stage) => {
      const victim = await stage.victim('v')
      const runner = stage.run(stage.document(pauseFault(victim)))
      await stage.started()
      await frozen(victim.pid)
      process.kill(runner.pid, 'SIGSTOP')
      await runs(victim.pid, heartbeat + 2_500)
      process.kill(runner.pid, 'SIGCONT')
      assert.equal((await runner.ended).code, 4)
      assert.equal((await stage.record()).outcome, 'aborted')
      assert.equal(stateOf(victim.pid), 'S')
    }),
  )

  test(
    'a guardian that is stopped is killed by the runner, which sweeps and ends with 5',
    withStage(async (stage) => {
      const victim = await stage.victim('v')
      const runner = stage.run(stage.document(`${pauseFault(victim)}${flagFault(stage)}`))
      const { guardian } = await stage.started()
      await frozen(victim.pid)
      process.kill(guardian, 'SIGSTOP')
      await gone(guardian, heartbeat + 3_000)
      assert.equal((await runner.ended).code, 5)
      assert.equal(stateOf(victim.pid), 'S')
      assert.equal(existsSync(stage.path('flag')), false)
      assert.deepEqual(stage.marked(), [])
    }),
  )

  test(
    'both stopped, then killed: the standby rolls back at once, with no command',
    withStage(async (stage) => {
      const victim = await bothKilled(stage)
      await runs(victim.pid, 2_500)
      await until('the flag to be gone', () => !existsSync(stage.path('flag')), 2_500)
      await until('the record to be closed', async () => (await stage.record()).outcome === 'aborted', 5_000)
    }),
  )

  test(
    'both and the standby killed: what expires is gone by itself, the rest at the next command',
    withStage(async (stage) => {
      const victim = await bothKilled(stage, () => stage.killStandby())
      await runs(victim.pid, 3_000 + 5_000 + 3_000)
      assert.equal(existsSync(stage.path('flag')), true, 'the file does not expire')
      assert.equal((await stage.command('rollback')).code, 0)
      assert.equal(existsSync(stage.path('flag')), false)
      assert.equal((await stage.record()).outcome, 'aborted')
    }),
  )

  test(
    'cgroup.kill of everything is like both killed',
    withStage(async (stage, t) => {
      const { cgroup2Root } = await import('../../src/system/own-cgroup.ts')
      const { mkdirSync, rmdirSync, writeFileSync } = await import('node:fs')
      const root = cgroup2Root()
      if (!root || process.getuid?.() !== 0) return t.skip('needs root and cgroup version 2')
      const victim = await stage.victim('v')
      const runner = stage.run(stage.document(`${pauseFault(victim)}${flagFault(stage)}`, { fault: '3s' }))
      const group = `${root}/e2e-${runner.pid}`
      mkdirSync(group)
      writeFileSync(`${group}/cgroup.procs`, String(runner.pid))
      const { guardian } = await stage.started()
      await until('both faults to be there', () => stateOf(victim.pid) === 'T' && existsSync(stage.path('flag')), 20_000)
      const own = readFileSync(`/proc/${guardian}/cgroup`, 'latin1')
        .split('\n')
        .find((line) => line.startsWith('0::'))
        ?.slice(3) as string
      // The timer that ends the pause is killed with the rest: only a sweep can help here.
      await stage.killStandby()
      writeFileSync(`${root}${own}/cgroup.kill`, '1')
      writeFileSync(`${group}/cgroup.kill`, '1')
      await gone(guardian, 3_000)
      await gone(runner.pid, 3_000)
      assert.equal((await stage.command('rollback')).code, 0)
      assert.equal(existsSync(stage.path('flag')), false)
      await runs(victim.pid)
      rmdirSync(group)
    }),
  )
})

/** A user's module whose `look` or `rollback` does something evil once the file `evil` is there. */
function ownModule(stage: Stage, where: 'look' | 'rollback', deed: string): string {
  const [flag, evil] = [stage.path('flag'), stage.path('evil')]
  const code = `import { existsSync, rmSync, writeFileSync } from 'node:fs'
const deed = () => { ${deed} }
export default {
  type: 'own', places: ['none'], needs: () => [],
  plan: async () => ({ state: {}, does: 'make the flag', undoes: 'remove the flag' }),
  inject: async () => writeFileSync(${JSON.stringify(flag)}, ''),
  async rollback() { ${where === 'rollback' ? `if (existsSync(${JSON.stringify(evil)})) deed()` : ''}; rmSync(${JSON.stringify(flag)}, { force: true }) },
  async look() { ${where === 'look' ? `if (process.env.SQUALL_MARK && existsSync(${JSON.stringify(evil)})) deed()` : ''}; const active = existsSync(${JSON.stringify(flag)}); return { active, seen: String(active) } },
}
`
  stage.write('own.ts', code)
  return '  - type: ./own.ts\n    name: own\n'
}

const deeds = {
  'blocks for 20 s': 'const end = Date.now() + 20_000; while (Date.now() < end);',
  'reaches the heap limit': 'const all = []; for (;;) all.push(new Array(100_000).fill(all.length))',
  'calls process.exit(0)': 'process.exit(0)',
}

describe("a user's code", { concurrency: 3 }, () => {
  for (const [name, deed] of Object.entries(deeds)) {
    test(
      `that ${name} in its look does not stop the run, and its spare rolls back`,
      withStage(async (stage) => {
        const runner = stage.run(stage.document(ownModule(stage, 'look', deed), { fault: '4s' }))
        await stage.started()
        await until('the flag', () => existsSync(stage.path('flag')), 20_000)
        stage.write('evil', '')
        const { code, stdout } = await runner.ended
        assert.equal(existsSync(stage.path('flag')), false)
        assert.ok(code !== null && code !== 6, `exit ${code}\n${stdout}`)
        assert.deepEqual(stage.marked(), [])
        assert.equal((await stage.record()).rollback, 'verified')
      }),
    )
  }

  test(
    'that ends its process in the rollback: tried again, then stuck, and undone as soon as it can be',
    withStage(async (stage) => {
      const runner = stage.run(stage.document(ownModule(stage, 'rollback', deeds['calls process.exit(0)']), { fault: '2s' }))
      const { guardian } = await stage.started()
      await until('the flag', () => existsSync(stage.path('flag')), 20_000)
      stage.write('evil', '')
      assert.equal((await runner.ended).code, 6)
      assert.equal((await stage.record()).rollback, 'stuck')
      const doctor = await stage.command('doctor')
      assert.deepEqual([doctor.code, /stuck, still trying to undo own/.test(doctor.stdout)], [6, true], doctor.stdout)
      assert.notEqual(stateOf(guardian), '', 'the guardian goes on trying')
      rmSync(stage.path('evil'))
      await until('the flag to be gone', () => !existsSync(stage.path('flag')), 20_000)
      await gone(guardian, 15_000)
      const { rollback, exit } = await stage.record()
      assert.deepEqual([rollback, exit], ['verified', 6], 'the record learns of it, what was returned stays')
      assert.match((await stage.command('show', 'last')).stdout, /The rollback went on after the run had ended: verified/)
    }),
  )

  test(
    'a rollback that hangs for ever beside one that works: the other is undone at once, this one is stuck',
    withStage(async (stage) => {
      const victim = await stage.victim('v')
      stage.write('evil', '')
      const hanging = stage.write('hang.sh', `#!/bin/sh\n[ -e ${stage.path('evil')} ] && exec sleep 300\nrm -f ${stage.path('flag')}\n`)
      const runner = stage.run(stage.document(`${flagFault(stage, hanging)}${pauseFault(victim)}`, { fault: '2s' }))
      const { guardian } = await stage.started()
      await frozen(victim.pid)
      await until('the undo to begin', () => stage.journal()?.changes.some((change) => change.at === 'undoing') ?? false, 20_000)
      await runs(victim.pid, 1_000)
      assert.equal((await runner.ended).code, 6)
      const at = (key: string): string | undefined => stage.journal()?.changes.find((change) => change.plan.key === key)?.at
      assert.deepEqual([at('pause'), at('command')], ['verified', 'stuck'])
      const shown = await stage.command('history', 'evil')
      assert.match(shown.stdout, /stuck/)
      rmSync(stage.path('evil'))
      await until('the flag to be gone', () => !existsSync(stage.path('flag')), 30_000)
      await gone(guardian, 15_000)
    }),
  )

  test(
    'a second Ctrl-C during the rollback gives the terminal back with 6 and says who goes on',
    withStage(async (stage) => {
      stage.write('evil', '')
      const hanging = stage.write('hang.sh', `#!/bin/sh\n[ -e ${stage.path('evil')} ] && exec sleep 300\nrm -f ${stage.path('flag')}\n`)
      const runner = stage.run(stage.document(flagFault(stage, hanging)))
      const { guardian } = await stage.started()
      await until('the flag', () => existsSync(stage.path('flag')), 20_000)
      process.kill(runner.pid, 'SIGINT')
      await until('the undo to begin', () => stage.journal()?.changes[0]?.at === 'undoing')
      process.kill(runner.pid, 'SIGINT')
      const { code, stdout } = await runner.ended
      assert.equal(code, 6)
      assert.match(stdout, /guardian goes on/)
      assert.match(stateOf(guardian), /^[SRD]$/)
      rmSync(stage.path('evil'))
      await until('the flag to be gone', () => !existsSync(stage.path('flag')), 20_000)
      await gone(guardian, 20_000)
    }),
  )
})

describe('terminals and whoever reads', { concurrency: 3 }, () => {
  test(
    'Ctrl-S: nobody reads the terminal, and halt works all the same',
    withStage(async (stage) => {
      const victim = await stage.victim('v')
      const terminal = openTerminal(stage, stage.document(pauseFault(victim)))
      await frozen(victim.pid)
      terminal.order('type 13') // XOFF: from here on every blocking write to the terminal would stand still.
      terminal.order('unread')
      await until('several frames to be due', () => Date.now() > terminal.startedAt + 5_000)
      const halted = await stage.command('halt')
      assert.equal(halted.code, 0, halted.stdout + halted.stderr)
      assert.notEqual(stateOf(victim.pid), 'T')
      assert.equal(await terminal.exit(), 4)
    }),
  )

  test(
    'head -1 has read enough: rolled back, 4',
    withStage(async (stage) => {
      const victim = await stage.victim('v')
      const document = stage.document(pauseFault(victim))
      const shell = stage.start([
        'bash',
        '-c',
        '"$@" | head -1; exit "${PIPESTATUS[0]}"',
        'bash',
        process.execPath,
        squall,
        'run',
        document,
      ])
      assert.equal((await shell.ended).code, 4)
      assert.notEqual(stateOf(victim.pid), 'T')
      assert.equal((await stage.record()).outcome, 'aborted')
    }),
  )

  const ends: Record<string, string[]> = { 'the terminal is closed': ['close'], 'Ctrl-Z': ['type 1a'], 'Ctrl-C': ['type 03'] }
  for (const [name, orders] of Object.entries(ends)) {
    test(
      `${name}: rolled back, 4`,
      withStage(async (stage) => {
        const victim = await stage.victim('v')
        const terminal = openTerminal(stage, stage.document(pauseFault(victim)))
        await frozen(victim.pid)
        for (const order of orders) terminal.order(order)
        await runs(victim.pid, 2_000)
        assert.equal(await terminal.exit(), 4)
        const record = await stage.record()
        assert.deepEqual([record.outcome, record.rollback], ['aborted', 'verified'])
      }),
    )
  }

  test(
    'SIGTERM to npm reaches the run: rolled back, 4',
    withStage(async (stage) => {
      const victim = await stage.victim('v')
      const document = stage.document(pauseFault(victim))
      stage.write('package.json', JSON.stringify({ scripts: { chaos: `exec ${process.execPath} ${squall} run ${document}` } }))
      const npm = stage.start(['npm', 'run', '--silent', 'chaos'])
      await frozen(victim.pid)
      npm.child.kill('SIGTERM')
      await runs(victim.pid, 2_000)
      assert.equal((await npm.ended).code, 4)
    }),
  )
})

/** The run on a terminal of its own, kept by a small program in Python: Node has no pty. */
function openTerminal(stage: Stage, document: string): { startedAt: number; order(line: string): void; exit(): Promise<number> } {
  const helper = stage.start([
    'python3',
    fileURLToPath(new URL('on_terminal.py', import.meta.url)),
    process.execPath,
    squall,
    'run',
    document,
  ])
  return {
    startedAt: Date.now(),
    order: (line) => void helper.child.stdin?.write(`${line}\n`),
    exit: async () => Number(/^exit (\d+)/m.exec((await helper.ended).stdout)?.[1]),
  }
}

test(
  'two sweeps at once: each undo is applied by one of them',
  withStage(async (stage) => {
    const runner = stage.run(stage.document(flagFault(stage)))
    const { guardian } = await stage.started()
    await until('the flag', () => existsSync(stage.path('flag')), 20_000)
    await stage.killStandby()
    process.kill(guardian, 'SIGKILL')
    process.kill(runner.pid, 'SIGKILL')
    await gone(guardian, 2_000)
    await runner.ended
    cpSync(stage.state, stage.path('left'), { recursive: true })
    const times = everything ? 20 : 5
    for (let round = 0; round < times; round++) {
      rmSync(stage.state, { recursive: true })
      cpSync(stage.path('left'), stage.state, { recursive: true })
      stage.write('flag', '')
      rmSync(stage.path('undone'), { force: true })
      const both = await Promise.all([stage.command('rollback'), stage.command('rollback')])
      assert.equal(existsSync(stage.path('flag')), false)
      assert.equal(readFileSync(stage.path('undone'), 'utf8'), 'undone\n', both.map((one) => one.stdout).join())
      assert.ok(both.some((one) => one.code === 0))
    }
  }),
)

test(
  'squall rollback of a living run, in the baseline and in the fault, ends it as aborted',
  withStage(async (stage) => {
    const victim = await stage.victim('v')
    for (const [baseline, inFault] of [
      ['30s', false],
      ['1s', true],
    ] as const) {
      const runner = stage.run(stage.document(pauseFault(victim), { baseline }))
      await until('the run to be there', () => stage.said().includes('baseline'), 20_000)
      if (inFault) await frozen(victim.pid)
      const { code, stdout } = await stage.command('rollback')
      assert.equal(code, 0, stdout)
      assert.equal((await runner.ended).code, 4)
      await runs(victim.pid)
      const { outcome, because } = await stage.record()
      assert.deepEqual([outcome, because], ['aborted', 'Aborted (operator): squall rollback ended it'])
      rmSync(stage.state, { recursive: true })
    }
  }),
)

test(
  'Ctrl-C in the recovery ends the run at once: everything is back already, and the exit code does not say otherwise',
  withStage(async (stage) => {
    const victim = await stage.victim('v')
    const document = stage.document(pauseFault(victim), { fault: '1s', recovery: '60s' })
    const runner = stage.run(document)
    await until('the recovery', () => stage.said().includes('looking twice'), 20_000)
    process.kill(runner.pid, 'SIGINT')
    const from = performance.now()
    const { code, stdout } = await runner.ended
    assert.equal(code, 4, stdout)
    assert.ok(performance.now() - from < 10_000, stdout)
    const { because, rollback } = await stage.record()
    assert.deepEqual([because, rollback], ['Aborted (operator): stopped by Ctrl-C', 'verified'])
  }),
)
