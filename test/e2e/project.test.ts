/** The project file with whole commands: who says what, who refuses, and that refusing leaves nothing behind. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { pauseFault, type Stage, stateOf, until, withStage } from './stage.ts'

/** Records that are left; a refused run leaves none. */
function records(stage: Stage): string[] {
  const runs = join(stage.state, 'runs')
  return existsSync(runs) ? readdirSync(runs) : []
}

const short = { environment: 'staging', fault: '2s' }

suite('the project file', { concurrency: 2 }, () => {
  test(
    'validate warns, plan says, run refuses before anything is started; --no-project does without',
    withStage(async (stage) => {
      const victim = await stage.victim('v')
      const file = stage.write('squall.yaml', 'environments:\n  staging:\n    places: [container]\n    max_duration: 3s\n')
      const document = stage.document(pauseFault(victim), short)

      const validated = await stage.command('validate', document)
      assert.equal(validated.code, 0)
      assert.match(validated.stderr, /:8:\d+ warning .*places container \(squall\.yaml:3\): the fault pause acts at a process \[policy\]/)
      assert.match(validated.stderr, /max_duration 3s \(squall\.yaml:4\): the phases take 4s together/)

      const planned = await stage.command('plan', document)
      assert.equal(planned.code, 2)
      assert.ok(planned.stdout.includes(`${file}: staging: places container; max_duration 3s`))
      assert.match(planned.stdout, /would be refused: places container/)
      const data = JSON.parse((await stage.command('plan', document, '--json')).stdout) as { project: string; refusals: string[] }
      assert.deepEqual([data.project, data.refusals.length], [file, 2])

      const refused = await stage.run(document).ended
      assert.equal(refused.code, 2)
      assert.match(refused.stderr, /not allowed in staging: places container \(squall\.yaml:3\).*\n.*max_duration 3s/)
      assert.match(refused.stderr, /code: policy/)
      assert.deepEqual([records(stage), stateOf(victim.pid)], [[], 'S'])

      const other = stage.write('other.yaml', 'environments: { staging: { max_duration: 1m } }')
      const named = await stage.command('plan', document, '--project', other)
      assert.equal(named.code, 0, named.stderr)
      assert.ok(named.stdout.includes(`${other}: staging: max_duration 1m`))

      const free = await stage.start([process.execPath, join(import.meta.dirname, '../../bin/squall.js'), 'run', document, '--no-project'])
        .ended
      assert.notEqual(free.code, 2, free.stderr)
    }),
  )

  test(
    'the guardian refuses what only the targets tell: how many there are, and what expires',
    withStage(async (stage) => {
      for (const _ of [1, 2, 3]) await stage.victim('v')
      const { label } = await stage.victim('v')
      const faults = `  - type: pause\n    target: { process: { labels: { stage: ${label} } }, pick: all }\n`
      const document = stage.document(faults, short)
      for (const [cap, why] of [
        ['3', 'max_targets 3 (squall.yaml:1): the faults have 4 targets'],
        ['60%', 'max_targets 60% (squall.yaml:1): pause has 4 of 4 that its target matches'],
      ]) {
        stage.write('squall.yaml', `environments: { staging: { max_targets: ${cap} } }`)
        const refused = await stage.run(document).ended
        assert.equal(refused.code, 2, refused.stderr)
        assert.ok(refused.stderr.includes(why as string), refused.stderr)
      }
      const flag = stage.path('flag')
      const command = `  - type: command\n    inject: [touch, ${flag}]\n    rollback: [rm, '-f', ${flag}]\n    check: [test, '-e', ${flag}]\n`
      stage.write('squall.yaml', 'environments: { staging: { must_expire: true } }')
      const refused = await stage.run(stage.document(command, short)).ended
      assert.equal(refused.code, 2)
      assert.match(refused.stderr, /must_expire true \(squall\.yaml:1\): command would stay if all of Squall were killed/)
      assert.deepEqual([records(stage), existsSync(flag)], [[], false])

      stage.write('squall.yaml', 'environments: { staging: { max_targets: 4, must_expire: true } }')
      assert.notEqual((await stage.run(stage.document(faults, short)).ended).code, 2)
    }),
  )

  test(
    'the guardian looks again right before it injects, when there are fewer than there were',
    withStage(async (stage) => {
      const victims = [await stage.victim('v'), await stage.victim('v'), await stage.victim('v'), await stage.victim('v')] as const
      const fault = `  - type: pause\n    target: { process: { labels: { stage: ${victims[0].label} } }, pick: 2 }\n`
      stage.write('squall.yaml', 'environments: { staging: { max_targets: 50% } }')
      const runner = stage.run(stage.document(fault, { ...short, baseline: '5s' }))
      await stage.started()
      await until('the guardian to be armed', () => /baseline/.test(stage.said()), 20_000)
      for (const victim of victims.slice(2)) process.kill(victim.pid, 'SIGKILL')
      const ended = await runner.ended
      assert.equal(ended.code, 5, stage.said())
      assert.match(stage.said(), /max_targets 50% \(squall\.yaml:1\): pause has 2 of 2 that its target matches/)
      assert.deepEqual([stateOf(victims[0].pid), stateOf(victims[1].pid)], ['S', 'S'])
    }),
  )

  test(
    'a policy decides how long a silent runner is waited for',
    withStage(async (stage) => {
      const victim = await stage.victim('v')
      stage.write('squall.yaml', 'environments: { staging: { heartbeat_lost: 2s } }')
      const runner = stage.run(stage.document(pauseFault(victim), { environment: 'staging' }))
      await stage.started()
      await until('the victim to be stopped', () => stateOf(victim.pid) === 'T', 20_000)
      process.kill(runner.pid, 'SIGSTOP')
      const stopped = performance.now()
      await until('the victim to run again', () => stateOf(victim.pid) === 'S', 10_000)
      const took = performance.now() - stopped
      assert.ok(took > 1_000 && took < 6_000, `${Math.round(took)} ms`)
      await runner.ended
    }),
  )

  test(
    'a wrong one stops every command that reads documents, with its problems; doctor names it',
    withStage(async (stage) => {
      const victim = await stage.victim('v')
      const file = stage.write('squall.yaml', 'environments: { staging: { max_target: 1 } }')
      const document = stage.document(pauseFault(victim), short)
      for (const command of ['validate', 'plan', 'run']) {
        const { code, stderr } = await stage.command(command, document)
        assert.equal(code, 2)
        assert.ok(stderr.includes(`${file}:1:28 error environments.staging.max_target: this key is not known`), stderr)
        assert.match(stderr, /did you mean “max_targets”/)
      }
      assert.match((await stage.command('doctor')).stdout, /missing +project .*max_target: this key is not known/)
      stage.write('squall.yaml', 'environments: { production: { max_targets: 1 } }\nsecrets: keys\n')
      stage.write('keys', 'A=some value\n')
      const { stdout } = await stage.command('doctor')
      assert.match(stdout, /ok +project +.*squall\.yaml; production: max_targets 1/)
      assert.match(stdout, /missing +secrets +others may read or write the secrets file .*keys \(mode 755\)/)
    }),
  )
})
