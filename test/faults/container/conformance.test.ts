/** Every fault at a container goes through the suite of all injectors, on a real engine. */
import { after, before, describe, test } from 'node:test'
import { type ConformanceOptions, testInjector, type World } from '../../../src/faults/conformance.ts'
import { disconnect } from '../../../src/faults/container/disconnect.ts'
import { factsOf } from '../../../src/faults/container/find.ts'
import type { Inspected } from '../../../src/faults/container/inspect.ts'
import { killContainer } from '../../../src/faults/container/kill.ts'
import { limits } from '../../../src/faults/container/limits.ts'
import { pauseContainer } from '../../../src/faults/container/pause.ts'
import { restart } from '../../../src/faults/container/restart.ts'
import { stop } from '../../../src/faults/container/stop.ts'
import type { AnyInjector, Json } from '../../../src/faults/injector.ts'
import { type DockerEngine, startDocker, whyNoDocker } from '../../helpers/docker.ts'
import { everything } from '../../helpers/length.ts'

const skip = everything ? whyNoDocker() : (whyNoDocker() ?? 'long: SQUALL_TEST_ALL=1')

describe('at a container', { skip: skip ?? false, concurrency: 4 }, () => {
  let docker: DockerEngine
  let number = 0
  before(async () => {
    docker = await startDocker()
    await docker.network('front', '10.214.1.0/24')
    await docker.network('back', '10.214.2.0/24')
  })
  after(() => docker.end())

  function suite(
    name: string,
    injector: AnyInjector,
    spec: unknown,
    isThere: (found: Inspected, before: Inspected) => boolean,
    host: Record<string, unknown> = { NanoCpus: 500_000_000, Memory: 64 << 20, MemorySwap: 96 << 20 },
  ): void {
    const world = async (): Promise<World> => {
      const victim = `victim-${++number}`
      const id = await docker.run({
        name: victim,
        command: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'],
        network: 'front',
        host,
      })
      await docker.engine.call('POST', '/networks/back/connect', { body: { Container: id, EndpointConfig: { Aliases: ['alias'] } } })
      const planned = await docker.inspect(id)
      const facts = { id, name: victim, image: 'squall-test', labels: {}, engine: docker.engine.address as unknown as Json }
      const target = { place: 'container' as const, id, name: `container ${victim}`, facts }
      factsOf(target)
      return {
        target,
        spec,
        isThere: async () => {
          const found = await docker.inspect(id).catch(() => null)
          return found !== null && isThere(found, planned)
        },
        destroy: () => docker.remove(id),
        cleanUp: () => docker.remove(id),
      }
    }
    const options: ConformanceOptions = { world, patience: 20_000 }
    describe(name, { concurrency: 1 }, () => {
      for (const check of testInjector(injector, options)) test(check.name, check.run)
    })
  }

  suite('stop', stop, { grace: 1_000 }, ({ State }) => !State.Running)
  suite('kill', killContainer, {}, ({ State }) => !State.Running)
  suite('restart', restart, { grace: 1_000 }, ({ State }) => !State.Running)
  suite('pause', pauseContainer, {}, ({ State }) => State.Paused)
  suite('disconnect', disconnect, {}, ({ NetworkSettings: { Networks } }) => !Networks.front || !Networks.back)
  suite('limits', limits, { cpus: 0.1, memory: 32 << 20, pids: 20 }, ({ HostConfig }) => HostConfig.NanoCpus !== 500_000_000)
  const isLimited = ({ HostConfig }: Inspected): boolean => HostConfig.CpuQuota > 0
  suite('limits where there were none', limits, { cpus: 0.1, memory: 32 << 20, pids: 20 }, isLimited, {})
})
