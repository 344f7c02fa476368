/** Faults that move and faults that begin again, in whole runs, seen from outside. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readRun } from '../../src/records/read-run.ts'
import type { ChangeRecord } from '../../src/records/run-data.ts'
import { pauseFault, type Stage, squall, stateOf, until, withStage } from './stage.ts'

async function changesOf(stage: Stage): Promise<ChangeRecord[]> {
  const { id } = await stage.started()
  return readRun(join(stage.state, 'runs', id)).changes
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** A fault of the user's: a number in a file. */
const levelModule = `import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
export default {
  type: 'level', places: ['none'], dials: ['level'], needs: () => [],
  plan: async (spec) => ({ state: spec, does: 'write ' + spec.level, undoes: 'remove it' }),
  inject: async (state) => writeFileSync(state.file, String(state.level)),
  adjust: async (state, dose) => writeFileSync(state.file, String(dose.level)),
  rollback: async (state) => rmSync(state.file, { force: true }),
  look: async (state) => existsSync(state.file)
    ? { active: true, seen: 'it is there', dose: { level: Number(readFileSync(state.file, 'utf8')) } }
    : { active: false, seen: 'no file' },
}
`

describe('dials', { concurrency: true }, () => {
  // So little that a busy machine can give it.
  test(
    'the load of the processors ramps: what is asked and what is achieved, as it moves',
    withStage(async (stage) => {
      const cpu = '  - type: cpu\n    target: { host: local }\n    cores: 1\n    load: 2%..16%\n    ramp: 8s\n    for: 11s\n'
      const runner = stage.run(stage.document(cpu, { fault: '11s' }))
      const { stdout } = await runner.ended
      assert.match(stdout, /then move load from 2% to 16% over 8s/)
      assert.match(stdout, /cpu at this host: load \d.*% of \d.*% asked/)
      const [change] = await changesOf(stage)
      const looks = (change?.looks ?? []).filter(({ active }) => active)
      const asked = looks.map((look) => look.asked?.load ?? Number.NaN)
      assert.deepEqual(
        asked,
        asked.toSorted((a, b) => a - b),
        'it only rises',
      )
      assert.deepEqual([asked[0], asked.at(-1)], [0.02, 0.16])
      const doses = looks.flatMap(({ dose }) => dose?.load ?? [])
      assert.ok(doses.length >= 6, JSON.stringify(looks))
      assert.ok(mean(doses.slice(-3)) > mean(doses.slice(0, 3)) + 0.03, `achieved ${doses.join(', ')}`)
      assert.equal(change?.state, 'verified')
      assert.deepEqual(stage.marked(), [])
    }),
  )

  test(
    'a pause begins again every few seconds, and the target runs in between',
    withStage(async (stage) => {
      const victim = await stage.victim('v')
      const runner = stage.run(stage.document(pauseFault(victim, '    for: 1s\n    every: 4s\n'), { fault: '11s' }))
      let [stops, stopped, over] = [0, false, false]
      void runner.ended.then(() => {
        over = true
      })
      await until(
        'the end of the run',
        () => {
          const now = stateOf(victim.pid) === 'T'
          if (now && !stopped) stops++
          stopped = now
          return over
        },
        60_000,
      )
      assert.equal(stops, 3)
      assert.notEqual(stateOf(victim.pid), 'T')
      const [change, ...others] = await changesOf(stage)
      assert.equal(others.length, 0)
      assert.equal(change?.state, 'verified')
      const begins = [...(change?.earlier ?? []), change].map((time) => (time?.injectedAt ?? 0) - (change?.earlier?.[0]?.injectedAt ?? 0))
      for (const [round, begin] of begins.entries()) assert.ok(Math.abs(begin - 4_000 * round) < 1_500, `began at ${begins.join(', ')} ms`)
      const shown = await stage.command('show')
      assert.match(shown.stdout, /3 times: \+0:0/)
      assert.equal((await stage.record()).rollback, 'verified')
    }),
  )

  test(
    'a seed picks the same targets in plan and run; they stay picked while the fault repeats and others come',
    withStage(async (stage) => {
      const herd = stage.folder.slice(-6)
      const enter = (count: number): void => {
        for (let n = 0; n < count; n++) stage.start(['env', `SQUALL_LABELS=herd=${herd}`, 'sleep', '300'])
      }
      enter(5)
      const some = `  - type: pause\n    target: { process: { labels: { herd: ${herd} } }, pick: 40% }\n    for: 500ms\n    every: 4s\n`
      const document = stage.document(some, { fault: '5s' })
      const planned = async (seed: number): Promise<string[]> => {
        const { stdout } = await stage.command('plan', document, '--json', '--seed', String(seed))
        const { faults } = JSON.parse(stdout) as { faults: { changes: { target: string }[] }[] }
        return faults[0]?.changes.map(({ target }) => target) ?? []
      }
      const targets = await planned(1)
      assert.equal(targets.length, 2)
      const others = await Promise.all([2, 3, 4].map((seed) => planned(seed)))
      assert.ok(
        others.some((other) => other.toString() !== targets.toString()),
        'another seed picks others',
      )
      const runner = stage.start([process.execPath, squall, 'run', document, '--seed', '1'])
      await stage.started()
      await until('the first time to be over', () => stage.journal()?.changes.every(({ at }) => at === 'verified') === true, 20_000)
      enter(3)
      await runner.ended
      const changes = await changesOf(stage)
      assert.deepEqual(changes.map(({ target }) => target).sort(), targets.toSorted())
      for (const { earlier, state } of changes) assert.deepEqual([earlier?.length, state], [1, 'verified'])
    }),
  )

  test(
    "a user's own fault moves and begins again: its child is a new one each time",
    withStage(async (stage) => {
      const file = stage.path('level')
      stage.write('level.ts', levelModule)
      const own = `  - type: ./level.ts\n    with: { level: 100ms..1s, file: ${file} }\n    for: 4s\n    every: 9s\n`
      const runner = stage.run(stage.document(own, { fault: '15s' }))
      const seen: (number | null)[] = []
      let over = false
      void runner.ended.then(() => {
        over = true
      })
      await until(
        'the end of the run',
        () => {
          const level = existsSync(file) ? Number(readFileSync(file, 'utf8')) : null
          if (level !== 0 && level !== seen.at(-1)) seen.push(level) // 0: just being written.
          return over
        },
        60_000,
      )
      const times = seen
        .join(' ')
        .trim()
        .split(/\s{2,}/)
        .map((time) => time.split(' ').map(Number))
      assert.equal(times.length, 2, seen.join(' '))
      for (const levels of times) {
        assert.equal(levels[0], 100)
        assert.ok(
          levels.length >= 3 && levels.every((level, n) => n === 0 || level > (levels[n - 1] ?? 0)) && (levels.at(-1) ?? 0) > 500,
          levels.join(),
        )
      }
      assert.equal((await stage.record()).rollback, 'verified')
    }),
  )

  test(
    'a runner that hangs does not freeze a ramp',
    withStage(async (stage) => {
      stage.write('level.ts', levelModule)
      const file = stage.path('level')
      const level = (): number => Number(readFileSync(file, 'utf8'))
      const own = `  - type: ./level.ts\n    with: { level: 100ms..1s, file: ${file} }\n    ramp: 5s\n    for: 8s\n`
      const runner = stage.run(stage.document(own, { fault: '9s', environment: 'test' }))
      await until('the fault', () => level() >= 100, 20_000)
      process.kill(runner.pid, 'SIGSTOP')
      try {
        await until('the ramp to go on', () => level() >= 700, 10_000)
      } finally {
        process.kill(runner.pid, 'SIGCONT')
      }
      await runner.ended
      assert.equal(existsSync(file), false)
      assert.equal((await stage.record()).rollback, 'verified')
    }),
  )
})
