/** Memory and disk stress in the name of a container: conformance, and what the container's own account says. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { testInjector, type World } from '../../../src/faults/conformance.ts'
import { ioOfContainer } from '../../../src/faults/container/io.ts'
import { memoryOfContainer } from '../../../src/faults/container/memory.ts'
import type { AnyInjector, Json, Target } from '../../../src/faults/injector.ts'
import { sleep } from '../../../src/system/clock.ts'
import { readMemory } from '../../../src/system/memory.ts'
import { type DockerEngine, startDocker, whyNoDocker } from '../../helpers/docker.ts'
import { everything } from '../../helpers/length.ts'
import { until } from '../../helpers/processes.ts'
import { contextOf } from './stage.ts'

const skip = everything ? whyNoDocker() : (whyNoDocker() ?? 'long: SQUALL_TEST_ALL=1')
const mega = 1024 ** 2
const most = 256 * mega

describe('stress inside a container', { skip: skip ?? false }, () => {
  let docker: DockerEngine
  let number = 0
  before(async () => {
    docker = await startDocker()
  })
  after(() => docker.end())

  async function container(): Promise<{ id: string; pid: number; target: Target }> {
    const name = `stress-${++number}`
    const id = await docker.run({ name, command: ['sleep', '300'], host: { Memory: most } })
    const { State } = await docker.inspect(id)
    const facts = { id, name, image: 'x', labels: {}, engine: docker.engine.address as unknown as Json }
    return { id, pid: State.Pid, target: { place: 'container', id, name: `container ${name}`, facts } }
  }

  const cgroup = (pid: number, controller: string): string => {
    const line = readFileSync(`/proc/${pid}/cgroup`, 'latin1')
      .split('\n')
      .find((each) => each.split(':')[1]?.split(',').includes(controller))
    return `/sys/fs/cgroup/${controller}${line?.split(':')[2]}`
  }
  const membersOf = (folder: string): number => {
    try {
      return readFileSync(`${folder}/cgroup.procs`, 'latin1').split('\n').filter(Boolean).length
    } catch {
      return 0 // The container is gone.
    }
  }

  function suite(name: string, injector: AnyInjector, spec: unknown): void {
    const world = async (): Promise<World> => {
      const { id, pid, target } = await container()
      const folder = cgroup(pid, 'memory')
      return { target, spec, isThere: () => membersOf(folder) > 1, destroy: () => docker.remove(id), cleanUp: () => docker.remove(id) }
    }
    describe(name, { concurrency: 3 }, () => {
      for (const check of testInjector(injector, { world, patience: 20_000 })) test(check.name, check.run)
    })
  }
  suite('memory', memoryOfContainer, { size: { bytes: 80 * mega } })
  suite('io', ioOfContainer, { path: '/', workers: 1, size: mega })

  test('memory: the share is one of the container’s limit, and in its account', async () => {
    const one = await container()
    const context = contextOf()
    const { state, does } = await memoryOfContainer.plan({ size: { share: 0.8 } }, one.target, context)
    assert.match(does, /of 256\.0 MiB stay available/)
    await memoryOfContainer.inject(state, context)
    const { total, available } = readMemory(one.pid)
    assert.equal(total, most)
    const share = 1 - available / total
    assert.ok(share > 0.75 && share < 0.95, `${share} of its limit is in use`)
    await memoryOfContainer.rollback(state, context)
    assert.ok(readMemory(one.pid).available > 0.7 * most)
    await assert.rejects(memoryOfContainer.plan({ size: { share: 1 } }, one.target, context), /never taken/)
    await docker.remove(one.id)
  })

  test('memory: its holder ends with the container, which can go', async () => {
    const one = await container()
    const context = contextOf()
    const { state } = await memoryOfContainer.plan({ size: { bytes: 80 * mega } }, one.target, context)
    await memoryOfContainer.inject(state, context)
    await docker.remove(one.id)
    await until('the holder to end', async () => !(await memoryOfContainer.look(state, context)).active, 3_000)
    assert.match((await memoryOfContainer.look(state, context)).died ?? '', /ended/)
    await assert.rejects(memoryOfContainer.inject(state, context), /ended or was started again/)
  })

  test('memory: it is over at its deadline, though nobody undoes it', async () => {
    const one = await container()
    const context = contextOf(3_000)
    const { state } = await memoryOfContainer.plan({ size: { bytes: 80 * mega } }, one.target, context)
    await memoryOfContainer.inject(state, context)
    await until('the holder to end', () => membersOf(cgroup(one.pid, 'memory')) === 1, 8_000)
    await docker.remove(one.id)
  })

  test('io: what is written is in the container’s cgroup, and no file of ours is left in it', async () => {
    const one = await container()
    const context = contextOf()
    const { state } = await ioOfContainer.plan({ path: '/', workers: 2, size: mega }, one.target, context)
    await ioOfContainer.inject(state, context)
    assert.equal(membersOf(cgroup(one.pid, 'blkio')), 3)
    await ioOfContainer.look(state, context)
    await sleep(1_000)
    assert.match((await ioOfContainer.look(state, context)).seen, /2 of 2 workers write, .* a second/)
    await ioOfContainer.rollback(state, context)
    assert.equal(membersOf(cgroup(one.pid, 'blkio')), 1)
    assert.deepEqual(
      readdirSync(`/proc/${one.pid}/root`).filter((each) => each.includes('squall')),
      [],
    )
    await docker.remove(one.id)
  })
})
