/** Faults inside a container: its packets, and processors in its name, on a real engine. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { testInjector, type World } from '../../../src/faults/conformance.ts'
import { cpuOfContainer } from '../../../src/faults/container/cpu.ts'
import { networkOfContainer } from '../../../src/faults/container/network.ts'
import { partitionOfContainer } from '../../../src/faults/container/partition.ts'
import type { AnyInjector, Json, Target } from '../../../src/faults/injector.ts'
import { sleep } from '../../../src/system/clock.ts'
import { type DockerEngine, startDocker, whyNoDocker } from '../../helpers/docker.ts'
import { everything } from '../../helpers/length.ts'
import { until } from '../../helpers/processes.ts'
import { contextOf } from './stage.ts'

const skip = everything ? whyNoDocker() : (whyNoDocker() ?? 'long: SQUALL_TEST_ALL=1')

describe('inside a container', { skip: skip ?? false }, () => {
  let docker: DockerEngine
  let number = 0
  before(async () => {
    docker = await startDocker()
    await docker.network('inside', '10.215.1.0/24')
  })
  after(() => docker.end())

  async function container(
    command = ['sleep', '300'],
  ): Promise<{ id: string; pid: number; address: string; target: Target; name: string }> {
    const name = `inside-${++number}`
    const id = await docker.run({ name, command, network: 'inside' })
    const { State, NetworkSettings } = await docker.inspect(id)
    const facts = { id, name, image: 'x', labels: {}, engine: docker.engine.address as unknown as Json }
    const target: Target = { place: 'container', id, name: `container ${name}`, facts }
    return { id, pid: State.Pid, address: NetworkSettings.Networks.inside?.IPAddress ?? '', target, name }
  }

  const within = (pid: number, ...argv: string[]): string =>
    execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, ...argv], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

  function suite(name: string, injector: AnyInjector, spec: unknown, isThere: (pid: number) => boolean, doses: World['doses'] = []): void {
    const world = async (): Promise<World> => {
      const { id, pid, target } = await container()
      return { target, spec, doses, isThere: () => isThere(pid), destroy: () => docker.remove(id), cleanUp: () => docker.remove(id) }
    }
    describe(name, { concurrency: 3 }, () => {
      for (const check of testInjector(injector, { world, patience: 20_000 })) test(check.name, check.run)
    })
  }
  const quietly = (look: () => boolean): boolean => {
    try {
      return look()
    } catch {
      return false // The container and its namespace are gone.
    }
  }
  suite('partition', partitionOfContainer, {}, (pid) => quietly(() => within(pid, 'nft', 'list', 'ruleset').includes('squall')))
  suite(
    'network',
    networkOfContainer,
    { bandwidth: 1_000_000 },
    (pid) => quietly(() => /htb|tbf/.test(within(pid, 'tc', 'qdisc', 'show'))),
    [
      // What was not asked for stays away, whatever a dose says.
      { bandwidth: 2_000_000, delay: 10, loss: 0.1 },
    ],
  )

  test('two containers are cut off from each other, by name, and the others are not', async () => {
    const [one, two, three] = await Promise.all([
      container(),
      container(['httpd', '-f', '-p', '80']),
      container(['httpd', '-f', '-p', '80']),
    ])
    const connects = 'import socket, sys; socket.create_connection((sys.argv[1], 80), 1)'
    const reaches = (address: string): boolean => quietly(() => within(one.pid, 'python3', '-c', connects, address) === '')
    await until('both servers', () => reaches(two.address) && reaches(three.address))
    const context = contextOf()
    const target = { ...one.target, facts: { ...one.target.facts, narrowing: { to: { container: two.name } } } }
    const { state, does } = await partitionOfContainer.plan({}, target, context)
    assert.match(does, new RegExp(two.address.replaceAll('.', '\\.')))
    await partitionOfContainer.inject(state, context)
    assert.equal(reaches(two.address), false)
    assert.equal(reaches(three.address), true)
    await partitionOfContainer.rollback(state, context)
    assert.equal(reaches(two.address), true)
  })

  test('processors are kept busy in the name of the container: its own account grows by as much as was asked', async () => {
    const one = await container()
    const context = contextOf()
    const line = readFileSync(`/proc/${one.pid}/cgroup`, 'latin1')
      .split('\n')
      .find((each) => each.includes('cpuacct')) as string
    const usage = (): number => Number(readFileSync(`/sys/fs/cgroup/cpuacct${line.split(':')[2]}/cpuacct.usage`, 'latin1'))
    const { state } = await cpuOfContainer.plan({ load: 0.3, cores: 1 }, one.target, context)
    await cpuOfContainer.inject(state, context)
    await sleep(1_000)
    const [from, at] = [usage(), performance.now()]
    await sleep(3_000)
    const share = (usage() - from) / 1e6 / (performance.now() - at)
    await cpuOfContainer.rollback(state, context)
    // bench:fidelity tells how exact it is; on a machine that others keep busy it gets less.
    assert.ok(share > 0.1 && share < 0.36, `${share}`)
    await docker.remove(one.id)
    assert.equal((await cpuOfContainer.look(state, context)).active, false)
  })

  test('its workers end with the container, which can go', async () => {
    const one = await container()
    const context = contextOf()
    const { state } = await cpuOfContainer.plan({ load: 0.1, cores: 1 }, one.target, context)
    await cpuOfContainer.inject(state, context)
    await docker.remove(one.id)
    await until('the workers to end', async () => !(await cpuOfContainer.look(state, context)).active, 3_000)
    assert.match((await cpuOfContainer.look(state, context)).died ?? '', /ended/)
  })
})
