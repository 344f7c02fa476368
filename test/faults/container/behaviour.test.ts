/** What faults at containers do beyond what every injector must: others who change things meanwhile, restart policies, what is refused. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { SquallError } from '../../../src/errors.ts'
import { disconnect } from '../../../src/faults/container/disconnect.ts'
import { killContainer } from '../../../src/faults/container/kill.ts'
import { limits } from '../../../src/faults/container/limits.ts'
import { pauseContainer } from '../../../src/faults/container/pause.ts'
import { stop } from '../../../src/faults/container/stop.ts'
import type { AnyInjector } from '../../../src/faults/injector.ts'
import { type DockerEngine, startDocker, whyNoDocker } from '../../helpers/docker.ts'
import { everything } from '../../helpers/length.ts'
import { until } from '../../helpers/processes.ts'
import { containerTarget, contextOf } from './stage.ts'

const skip = whyNoDocker() ?? (everything ? false : 'long: SQUALL_TEST_ALL=1')
const command = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done']
const refused = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof SquallError && error.code === code && pattern.test(error.message)

describe('faults at containers', { skip, concurrency: 3 }, () => {
  let docker: DockerEngine
  before(async () => {
    docker = await startDocker()
    await docker.network('fixed', '10.214.4.0/24')
    await docker.network('free')
    await docker.network('alone')
  })
  after(() => docker?.end())

  const call = (path: string, body: object): Promise<unknown> => docker.engine.call('POST', path, { body })
  const networksOf = async (id: string) => (await docker.inspect(id)).NetworkSettings.Networks

  /** Planned and injected; the rest of its life is the test's. */
  async function injected(injector: AnyInjector, spec: unknown, id: string) {
    const context = contextOf()
    const change = await injector.plan(spec, containerTarget(id, docker.url), context)
    await injector.inject(change.state, context)
    const look = () => injector.look(change.state, context)
    return { change, look, undo: async () => (await injector.rollback(change.state, context), look()) }
  }

  test('kill leaves a restart policy its work, and says that it is what is tested', async () => {
    const id = await docker.run({ name: 'policy', command, host: { RestartPolicy: { Name: 'always' } } })
    const { change, look, undo } = await injected(killContainer, {}, id)
    assert.match(change.does, /restart policy is always/)
    assert.match(change.steps?.[0]?.does ?? '', /^kill -KILL \d+$/)
    await until(
      'the policy to act',
      async () => (await docker.inspect(id)).State.StartedAt > (change.state as { startedAt: string }).startedAt,
    )
    await until('the look to say so', async () => /runs again since/.test((await look()).seen))
    assert.equal((await look()).active, true)
    assert.equal((await undo()).active, false)
    const found = (await docker.inspect(id)) as unknown as { RestartCount: number }
    assert.equal(found.RestartCount, 1, 'it was not the policy that started it')
  })
  test('kill without a policy: the rollback starts it', async () => {
    const id = await docker.run({ name: 'no-policy', command })
    const { look, undo } = await injected(killContainer, {}, id)
    assert.equal((await look()).active, true)
    assert.equal((await undo()).active, false)
    assert.ok((await docker.inspect(id)).State.Running)
  })
  test('what the engine would remove at its end is refused', async () => {
    const id = await docker.run({ name: 'passing', command, host: { AutoRemove: true } })
    const plan = (injector: AnyInjector) => injector.plan({}, containerTarget(id, docker.url), contextOf())
    await assert.rejects(plan(stop), refused('fault-not-available', /--rm/))
    await assert.rejects(plan(killContainer), refused('fault-not-available', /--rm/))
  })
  test('started by somebody else during the fault: seen, and left so', async () => {
    const id = await docker.run({ name: 'helped', command })
    const { look, undo } = await injected(stop, { grace: 3_000 }, id)
    assert.equal((await look()).active, true)
    await docker.engine.call('POST', `/containers/${id}/start`)
    assert.equal((await look()).active, false)
    const { StartedAt } = (await docker.inspect(id)).State
    assert.equal((await undo()).active, false)
    assert.equal((await docker.inspect(id)).State.StartedAt, StartedAt)
  })
  test('pause is what the kernel says, too', async () => {
    const id = await docker.run({ name: 'frozen', command })
    const { look, undo } = await injected(pauseContainer, {}, id)
    assert.match((await look()).seen, /frozen by the kernel/)
    assert.equal((await undo()).active, false)
  })
  test('disconnect: names, addresses and what is between them come back as they were', async () => {
    const id = await docker.run({ name: 'wired', command, network: 'alone' })
    await call('/networks/fixed/connect', {
      Container: id,
      EndpointConfig: { Aliases: ['db'], IPAMConfig: { IPv4Address: '10.214.4.77' } },
    })
    const other = await docker.run({ name: 'asker', command, network: 'fixed' })
    const before_ = await networksOf(id)
    const { look, undo } = await injected(disconnect, {}, id)
    assert.deepEqual((await look()).hit, [2, 2])
    assert.match(await docker.exec(other, 'ping', '-c1', '-W1', 'db'), /bad address/)
    const end = await undo()
    assert.equal(end.active, false)
    assert.equal(end.changed, undefined)
    const now = await networksOf(id)
    for (const name of ['alone', 'fixed']) {
      const [is, was] = [now[name], before_[name]]
      for (const key of ['IPAddress', 'MacAddress', 'Aliases', 'Links', 'IPAMConfig'] as const) assert.deepEqual(is?.[key], was?.[key], key)
    }
    // By its name, not by an answer: the machine's own tables may drop what passes a bridge.
    assert.match(await docker.exec(other, 'ping', '-c1', '-W1', 'db'), /PING db \(10\.214\.4\.77\)/)
  })
  test('disconnect from one network leaves the others', async () => {
    const id = await docker.run({ name: 'half', command, network: 'free' })
    await call('/networks/fixed/connect', { Container: id })
    const { undo } = await injected(disconnect, { network: 'fixed' }, id)
    assert.deepEqual(Object.keys(await networksOf(id)), ['free'])
    assert.equal((await undo()).active, false)
  })
  test('connected in another way by others meanwhile: theirs stays', async () => {
    const id = await docker.run({ name: 'rewired', command, network: 'fixed' })
    const { undo } = await injected(disconnect, {}, id)
    await call('/networks/fixed/connect', { Container: id, EndpointConfig: { Aliases: ['theirs'] } })
    const end = await undo()
    assert.equal(end.active, false)
    assert.match(end.changed ?? '', /other names on fixed/)
    assert.ok((await networksOf(id)).fixed?.Aliases?.includes('theirs'))
  })
  test('its address taken by others meanwhile: connected all the same, and said', async () => {
    const id = await docker.run({ name: 'moved', command, network: 'free' })
    await call('/networks/fixed/connect', { Container: id, EndpointConfig: { IPAMConfig: { IPv4Address: '10.214.4.99' } } })
    const { undo } = await injected(disconnect, { network: 'fixed' }, id)
    const thief = await docker.run({ name: 'thief', command, network: 'free' })
    await call('/networks/fixed/connect', { Container: thief, EndpointConfig: { IPAMConfig: { IPv4Address: '10.214.4.99' } } })
    const end = await undo()
    assert.equal(end.active, false)
    assert.match(end.changed ?? '', /instead of 10\.214\.4\.99/)
  })
  test('limits that were not there are gone again, also for the kernel', async () => {
    const id = await docker.run({ name: 'free-again', command })
    const kernel = () =>
      docker.exec(
        id,
        'cat',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us',
        '/sys/fs/cgroup/pids/pids.max',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes',
      )
    const { look, undo } = await injected(limits, { cpus: 0.5, memory: 64 << 20, pids: 50 }, id)
    assert.deepEqual((await kernel()).trim().split('\n'), ['50000', '50', String(64 << 20)])
    assert.match((await look()).seen, /the kernel: quota 50000, memory 64MiB, pids 50/)
    await undo()
    const [quota, pids, memory] = (await kernel()).trim().split('\n')
    assert.deepEqual([quota, pids], ['-1', 'max'])
    assert.ok(Number(memory) >= 2 ** 50)
  })
  test('a limit that others set meanwhile stays theirs; the others go', async () => {
    const id = await docker.run({ name: 'shared', command, host: { NanoCpus: 1e9, PidsLimit: 200 } })
    const { undo } = await injected(limits, { cpus: 0.5, pids: 50 }, id)
    await call(`/containers/${id}/update`, { NanoCpus: 7e8 })
    const end = await undo()
    assert.equal(end.active, false)
    assert.match(end.changed ?? '', /cpus .* set by others/)
    const { NanoCpus, PidsLimit } = (await docker.inspect(id)).HostConfig
    assert.deepEqual([NanoCpus, PidsLimit], [7e8, 200])
  })
  test('memory below what is used is refused before anything is done', async () => {
    const id = await docker.run({ name: 'full', command: ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=40M'] })
    const plan = async () => limits.plan({ memory: 20 << 20 }, containerTarget(id, docker.url), contextOf())
    await until('it to use memory', () =>
      plan().then(
        () => false,
        () => true,
      ),
    )
    await assert.rejects(plan(), refused('limit-below-use', /uses .* of memory now/))
    assert.equal((await docker.inspect(id)).HostConfig.Memory, 0)
  })
  test('removed during the fault: nothing to undo', async () => {
    for (const [injector, spec] of [
      [stop, {}],
      [disconnect, {}],
      [limits, { pids: 20 }],
    ] as [AnyInjector, unknown][]) {
      const id = await docker.run({ name: `gone-${injector.type}`, command, network: 'free' })
      const { look, undo } = await injected(injector, spec, id)
      await docker.remove(id)
      assert.match((await look()).died ?? '', /was removed/)
      assert.equal((await undo()).active, false)
    }
  })
})
