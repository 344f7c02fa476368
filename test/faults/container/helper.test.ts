/** Faults at containers made by a helper container, on a real engine: as any injector, at a remote engine, with the helper killed, with nobody left. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { testInjector, type World } from '../../../src/faults/conformance.ts'
import { cpuOfContainer } from '../../../src/faults/container/cpu.ts'
import { openEngine } from '../../../src/faults/container/engine.ts'
import { helperImages, makeImage, removeImage } from '../../../src/faults/container/helper/image.ts'
import { memoryOfContainer } from '../../../src/faults/container/memory.ts'
import { networkOfContainer } from '../../../src/faults/container/network.ts'
import { partitionOfContainer } from '../../../src/faults/container/partition.ts'
import type { AnyInjector, Json, Target } from '../../../src/faults/injector.ts'
import { type DockerEngine, startDocker, whyNoDocker } from '../../helpers/docker.ts'
import { everything } from '../../helpers/length.ts'
import { until } from '../../helpers/processes.ts'
import { contextOf } from './stage.ts'

const skip = everything ? whyNoDocker() : (whyNoDocker() ?? 'long: SQUALL_TEST_ALL=1')

describe('by a helper container', { skip: skip ?? false }, () => {
  let docker: DockerEngine
  /** The same engine behind TCP: for Squall it is on another machine. */
  let relay: Server
  let remote: string
  let number = 0
  before(async () => {
    docker = await startDocker()
    await docker.network('inside', '10.216.1.0/24')
    const { bytes } = await makeImage(docker.engine)
    assert.ok((bytes ?? 0) > 1_000_000)
    relay = createServer((socket) => {
      const other = connect(docker.url.slice('unix://'.length))
      socket.pipe(other).pipe(socket)
      for (const [one, two] of [
        [socket, other],
        [other, socket],
      ] as const)
        one.on('error', () => two.destroy())
    })
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
    remote = `tcp://127.0.0.1:${(relay.address() as { port: number }).port}`
  })
  after(async () => {
    relay?.close()
    await docker?.end()
  })

  async function container(
    url = docker.url,
    command = ['sleep', '300'],
  ): Promise<{ id: string; pid: number; address: string; target: Target }> {
    const name = `helped-${++number}`
    const id = await docker.run({ name, command, network: 'inside' })
    const { State, NetworkSettings } = await docker.inspect(id)
    const facts = { id, name, image: 'x', labels: {}, engine: { url } as unknown as Json }
    const target: Target = { place: 'container', id, name: `container ${name}`, facts }
    return { id, pid: State.Pid, address: NetworkSettings.Networks.inside?.IPAddress ?? '', target }
  }

  const within = (pid: number, ...argv: string[]): string => {
    try {
      return execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, ...argv], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    } catch {
      return '' // The container and its namespace are gone.
    }
  }
  const isNarrow = (pid: number): boolean => /htb|tbf/.test(within(pid, 'tc', 'qdisc', 'show'))
  const helpers = async (): Promise<string[]> => {
    const filters = JSON.stringify({ label: ['squall.helper'] })
    const found = await docker.engine.call<{ Id: string }[]>('GET', '/containers/json', { query: { all: true, filters } })
    return found.map(({ Id }) => Id)
  }

  describe('as every injector', { concurrency: 2 }, () => {
    const world = async (): Promise<World> => {
      // Half of them through the engine on another machine.
      const { id, pid, target } = await container(number % 2 === 0 ? docker.url : remote)
      return {
        target,
        spec: { bandwidth: 1_000_000 },
        doses: [{ bandwidth: 2_000_000, delay: 10, loss: 0.1 }],
        isThere: () => isNarrow(pid),
        destroy: () => docker.remove(id),
        cleanUp: () => docker.remove(id),
      }
    }
    for (const check of testInjector(networkOfContainer as AnyInjector, { world, patience: 20_000 })) test(check.name, check.run)
  })

  test('at a remote engine a container is cut off from another, by name; the plan says how, and that it ends by itself', async () => {
    const [one, two] = await Promise.all([container(remote), container(remote, ['httpd', '-f', '-p', '80'])])
    const connects = 'import socket, sys; socket.create_connection((sys.argv[1], 80), 1); print("yes")'
    const reaches = (): boolean => within(one.pid, 'python3', '-c', connects, two.address).includes('yes')
    await until('the server', reaches)
    const context = contextOf()
    const target = { ...one.target, facts: { ...one.target.facts, narrowing: { to: { container: two.target.facts.name as string } } } }
    const change = await partitionOfContainer.plan({}, target, context)
    assert.match(change.does, new RegExp(`cut off ${two.address.replaceAll('.', '\\.')}.*by a helper container in the network of helped-`))
    assert.match(change.expires ?? '', /^after \d+ s$/)
    assert.match(change.steps?.[0]?.does ?? '', /start a container of squall-helper:/)
    assert.deepEqual(await helpers(), [])
    await partitionOfContainer.inject(change.state, context)
    assert.equal(reaches(), false)
    assert.equal((await helpers()).length, 1)
    await partitionOfContainer.rollback(context.saved, context)
    assert.equal(reaches(), true)
    assert.deepEqual(await helpers(), [])
  })

  test('with nobody left it reverts at its deadline and removes itself', async () => {
    const { pid, target } = await container()
    const context = contextOf(8_000)
    const { state } = await networkOfContainer.plan({ bandwidth: 1_000_000 } as never, target, context)
    await networkOfContainer.inject(state, context)
    assert.ok(isNarrow(pid))
    await until('its end', async () => !isNarrow(pid) && (await helpers()).length === 0, 20_000)
  })

  test('a helper that was killed is told of as it is, and what it has left is undone', async () => {
    const { pid, target } = await container()
    const context = contextOf()
    const { state } = await networkOfContainer.plan({ bandwidth: 1_000_000 } as never, target, context)
    await networkOfContainer.inject(state, context)
    const [helper] = await helpers()
    await docker.engine.call('POST', `/containers/${helper}/kill`)
    await until('its removal', async () => (await helpers()).length === 0)
    assert.ok(isNarrow(pid), 'what it did is still there')
    const seen = await networkOfContainer.look(context.saved, context)
    assert.deepEqual([seen.active, /its helper container is gone/.test(seen.seen)], [true, true])
    await networkOfContainer.rollback(context.saved, context)
    assert.equal(isNarrow(pid), false)
    assert.equal((await networkOfContainer.look(context.saved, context)).active, false)
    assert.deepEqual(await helpers(), [])
  })

  test('what the kernel refuses in there is told, and nothing is left', async () => {
    const { pid, target } = await container(remote)
    const context = contextOf()
    const { state } = await networkOfContainer.plan({ bandwidth: 1_000_000 } as never, target, context)
    within(pid, 'ip', 'link', 'delete', 'eth0')
    await assert.rejects(networkOfContainer.inject(state, context), /tc qdisc add .*Cannot find device/)
    await networkOfContainer.rollback(context.saved, context)
    assert.deepEqual([(await networkOfContainer.look(context.saved, context)).active, await helpers()], [false, []])
  })

  for (const [name, injector, spec] of [
    ['processors are kept busy', cpuOfContainer, { load: 0.2, cores: 1 }],
    ['memory is held', memoryOfContainer, { size: { bytes: 64 * 1024 ** 2 } }],
  ] as const)
    test(`${name} in the name of the container, from a remote engine`, async () => {
      const { id, target } = await container(remote)
      const context = contextOf()
      const { state } = await (injector as AnyInjector).plan(spec, target, context)
      await injector.inject(state as never, context as never)
      const processes = (): number => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isInCgroup(pid, id)).length
      assert.equal(processes(), 2)
      assert.ok((await injector.look(context.saved as never, context as never)).active)
      await injector.rollback(context.saved as never, context as never)
      assert.equal(processes(), 1)
      assert.equal((await injector.look(context.saved as never, context as never)).active, false)
      assert.deepEqual(await helpers(), [])
    })

  test('without the image an engine elsewhere is refused, with the way out', async () => {
    const { target } = await container(remote)
    for (const image of await helperImages(openEngine({ url: remote }))) await removeImage(openEngine({ url: remote }), image)
    await assert.rejects(partitionOfContainer.plan({}, target, contextOf()), /acts on this machine.*elsewhere/)
  })
})

function isInCgroup(pid: string, id: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'latin1').includes(id)
  } catch {
    return false // It has just ended.
  }
}
