/** A whole run with a fault at a container: planned, stopped, measured, started again; also with all of Squall killed meanwhile. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type DockerEngine, startDocker, whyNoDocker } from '../helpers/docker.ts'
import { everything } from '../helpers/length.ts'
import { type Stage, until, withStage } from './stage.ts'

const skip = whyNoDocker() ?? (everything ? false : 'long: SQUALL_TEST_ALL=1')

describe('a run that stops a container', { skip }, () => {
  let docker: DockerEngine
  let id = ''
  before(async () => {
    docker = await startDocker()
    id = await docker.run({
      name: 'payments-1',
      command: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'],
      labels: { 'com.docker.compose.service': 'payments' },
    })
  })
  after(() => docker?.end())

  const isRunning = async (): Promise<boolean> => (await docker.inspect(id)).State.Running
  const document = (stage: Stage, fault: string): string => {
    stage.env.DOCKER_HOST = docker.url
    return stage.document('  - type: stop\n    target: { container: payments }\n    grace: 2s\n', { environment: 'test', fault })
  }

  test(
    'the plan says each call, the run carries it out and takes it back',
    withStage(async (stage) => {
      const file = document(stage, '3s')
      const plan = await stage.command('plan', file)
      assert.match(plan.stdout, /stop container payments-1, killed after 2 s/)
      assert.match(plan.stdout, /POST \/containers\/payments-1\/stop\?t=2/)
      assert.match(plan.stdout, /needs .*: yes/)
      const run = stage.run(file)
      await until('it to be stopped', async () => !(await isRunning()), 30_000)
      const ended = await run.ended
      assert.ok(await isRunning())
      assert.equal(ended.code, 0, ended.stdout + ended.stderr)
      assert.equal((await stage.record()).rollback, 'verified')
    }),
  )
  test(
    'with runner and guardian killed it is started all the same, with no command',
    withStage(async (stage) => {
      const run = stage.run(document(stage, '60s'))
      const { guardian } = await stage.started()
      await until('it to be stopped', async () => !(await isRunning()), 30_000)
      process.kill(run.pid, 'SIGKILL')
      process.kill(guardian, 'SIGKILL')
      await until('it to run again', isRunning, 20_000)
    }),
  )
  test(
    'with no engine to ask the plan says why',
    withStage(async (stage) => {
      const file = document(stage, '3s')
      stage.env.DOCKER_HOST = `${docker.url}-none`
      const plan = await stage.command('plan', file)
      assert.equal(plan.code, 2)
      assert.match(plan.stdout, /its socket is not there/)
    }),
  )
})
