/** Secrets that are not there, or would be kept where they must not be: refused before a run, stuck after a crash, and told by name. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type Stage, until, withStage } from './stage.ts'

const value = 'open-sesame-4711'

/** A fault whose programs work with the secret DOOR only. */
function doorFault(stage: Stage): string {
  const flag = stage.path('flag')
  stage.write(
    'door.sh',
    `#!/bin/sh\ntest "$DOOR" = ${value} || exit 9\ncase $1 in on) touch ${flag};; off) rm -f ${flag};; check) test -e ${flag};; esac\n`,
  )
  return `  - type: command\n    inject: [./door.sh, 'on']\n    rollback: [./door.sh, 'off']\n    check: [./door.sh, check]\n    secrets: [DOOR]\n`
}

function ownFault(stage: Stage, code: string): string {
  stage.write(
    'own.ts',
    `export default { type: 'own', places: ['none'], needs: () => [], inject() {}, rollback() {}, look: async () => ({ active: false, seen: '' }), ${code} }`,
  )
  return '  - type: ./own.ts\n    with: { key: "${secret:DOOR}" }\n'
}

/** Nothing of a refused run is kept. */
async function refusal(stage: Stage, faults: string, exit = 2): Promise<string> {
  const { code, stderr } = await stage.run(stage.document(faults, { environment: 'staging', fault: '2s' })).ended
  assert.equal(code, exit, stderr)
  assert.deepEqual(readdirSync(join(stage.state, 'runs')), [])
  return stderr
}

suite('a secret', { concurrency: 2 }, () => {
  test(
    'that is not set, or whose file others may read, refuses the run',
    withStage(async (stage) => {
      const fault = doorFault(stage)
      assert.match(await refusal(stage, fault), /the secret DOOR is not set\n.*Set the environment variable DOOR.*\n.*code: secret-missing/)
      stage.write('squall.yaml', 'secrets: keys\n')
      stage.write('keys', `DOOR=${value}\n`)
      const said = await refusal(stage, fault)
      assert.match(said, /others may read or write the secrets file .*keys \(mode 755\)/)
      assert.ok(!said.includes(value))
    }),
  )

  test(
    'that a module puts into its state refuses the run, and so does one that its document does not name',
    withStage(async (stage) => {
      stage.env.DOOR = value
      const kept = `plan: async (spec, target, context) => ({ state: { key: [await context.secret(spec.key)] }, does: 'x', undoes: 'y' })`
      const said = await refusal(stage, ownFault(stage, kept))
      assert.match(said, /the state of the fault holds the value of a secret\n.*Keep the name.*\n.*code: secret-in-state/)
      assert.ok(!said.includes(value))
      stage.env.OTHER = 'another secret'
      const other = `plan: async (spec, target, context) => ({ state: await context.secret('OTHER'), does: 'x', undoes: 'y' })`
      assert.match(
        await refusal(stage, ownFault(stage, other), 5),
        /needs the secret OTHER, which the document does not name for this fault/,
      )
    }),
  )

  test(
    'that a sweep lacks leaves the fault stuck and is named; from the file that the run had it is undone',
    withStage(async (stage) => {
      stage.write('squall.yaml', 'secrets: keys\n')
      const keys = stage.write('keys', `DOOR=${value}\n`)
      chmodSync(keys, 0o600)
      const runner = stage.run(stage.document(doorFault(stage), { environment: 'staging' }))
      const { guardian } = await stage.started()
      await until('the fault to be there', () => existsSync(stage.path('flag')), 20_000)
      // It has the secret in its memory, and the environment.
      await stage.killStandby()
      process.kill(runner.pid, 'SIGKILL')
      process.kill(guardian, 'SIGKILL')
      await runner.ended
      rmSync(keys)
      const without = await stage.command('rollback')
      assert.equal(without.code, 6)
      assert.match(without.stdout, /command stuck \(needs the secret DOOR: set it and run squall rollback\. By hand: run .*door\.sh off\)/)
      assert.ok(existsSync(stage.path('flag')))
      chmodSync(stage.write('keys', `DOOR=${value}\n`), 0o600)
      const { code, stdout } = await stage.command('rollback')
      assert.equal(code, 0, stdout)
      assert.ok(!existsSync(stage.path('flag')))
    }),
  )

  test(
    'is no variable: what a command names under env reaches its programs, also after a crash',
    withStage(async (stage) => {
      stage.env.SHOWN = 'for everybody'
      const flag = stage.path('flag')
      stage.write(
        'tool.sh',
        `#!/bin/sh\ncase $1 in on) echo "$SHOWN" > ${flag};; off) test "$SHOWN" && rm -f ${flag};; check) test -e ${flag};; esac\n`,
      )
      const fault = `  - type: command\n    inject: [./tool.sh, 'on']\n    rollback: [./tool.sh, 'off']\n    check: [./tool.sh, check]\n    env: [SHOWN]\n`
      const runner = stage.run(stage.document(fault, { environment: 'staging' }))
      const { guardian } = await stage.started()
      await until('the fault to be there', () => existsSync(flag) && readFileSync(flag, 'utf8') !== '', 20_000)
      assert.equal(readFileSync(flag, 'utf8'), 'for everybody\n')
      // It has the secret in its memory, and the environment.
      await stage.killStandby()
      process.kill(runner.pid, 'SIGKILL')
      process.kill(guardian, 'SIGKILL')
      await runner.ended
      assert.equal((await stage.command('rollback')).code, 0)
      assert.ok(!existsSync(flag))
    }),
  )
})
