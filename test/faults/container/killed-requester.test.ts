/** Whoever asked the engine is killed while what was asked is under way: the rollback of somebody else must have the last word. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { disconnect } from '../../../src/faults/container/disconnect.ts'
import { pauseContainer } from '../../../src/faults/container/pause.ts'
import { stop } from '../../../src/faults/container/stop.ts'
import type { AnyInjector, Json } from '../../../src/faults/injector.ts'
import { sleep } from '../../../src/system/clock.ts'
import { type DockerEngine, startDocker, whyNoDocker } from '../../helpers/docker.ts'
import { everything } from '../../helpers/length.ts'
import { slowSocket } from '../../helpers/slow-socket.ts'
import { containerTarget, contextOf } from './stage.ts'

const skip = whyNoDocker() ?? (everything ? false : 'long: SQUALL_TEST_ALL=1')

describe('killed while the engine is asked', { skip, concurrency: true }, () => {
  let docker: DockerEngine
  let slow: { url: string; end(): void }
  before(async () => {
    docker = await startDocker()
    await docker.network('front', '10.214.3.0/24')
    const path = `${docker.url.slice('unix://'.length)}low`
    slow = { url: `unix://${path}`, ...(await slowSocket(path, docker.url.slice('unix://'.length), 3_000)) }
  })
  after(async () => {
    slow?.end()
    await docker?.end()
  })

  /** Plans, lets another process inject, kills that one `after` ms after it has said that it will ask, and rolls back. */
  async function killed(injector: AnyInjector, spec: unknown, id: string, url: string, wait: number): Promise<void> {
    const context = contextOf()
    const change = await injector.plan(spec, containerTarget(id, url), context)
    const script = join(import.meta.dirname, 'requester.ts')
    const child = spawn(process.execPath, [script, injector.type, context.mark, JSON.stringify(change.state)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    await sleep(wait)
    child.kill('SIGKILL')
    await once(child, 'exit')
    // The rollback goes the short way: it must not win because it is slow itself.
    let state: Json = { ...(JSON.parse(line.toString()) as { [key: string]: Json }), engine: { url: docker.url } }
    context.save = (saved) => {
      state = saved
      return Promise.resolve()
    }
    // As the guardian does: over and over until it works and nothing is seen any more.
    for (let tries = 0; ; tries++) {
      try {
        await injector.rollback(state, context)
        if (!(await injector.look(state, context)).active) break
      } catch (error) {
        if (tries > 3) throw error
      }
    }
  }
  const deaf = ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done']

  test('a stop that waits for the container does not win over the later start', async () => {
    const id = await docker.run({ name: 'deaf', command: deaf })
    const started = (await docker.inspect(id)).State.StartedAt
    await killed(stop, { grace: 6_000 }, id, docker.url, 1_000)
    const { State } = await docker.inspect(id)
    assert.ok(State.Running, 'it does not run')
    assert.notEqual(State.StartedAt, started, 'the stop was not waited for')
    await sleep(4_000)
    assert.ok((await docker.inspect(id)).State.Running, 'it was stopped after the rollback')
  })

  for (const [name, injector, spec] of [
    ['stop', stop, { grace: 0 }],
    ['pause', pauseContainer, {}],
    ['disconnect', disconnect, {}],
  ] as [string, AnyInjector, unknown][]) {
    test(`a ${name} that is still on its way through a slow socket does not win over the rollback`, async () => {
      const id = await docker.run({ name: `far-${name}`, command: deaf, network: 'front' })
      const isWell = async (): Promise<boolean> => {
        const { State, NetworkSettings } = await docker.inspect(id)
        return State.Running && !State.Paused && NetworkSettings.Networks.front !== undefined
      }
      await killed(injector, spec, id, slow.url, 700)
      assert.ok(await isWell(), 'it is not as before')
      await sleep(5_000)
      assert.ok(await isWell(), 'what was asked came after the rollback')
    })
  }
})
