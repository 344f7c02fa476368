/** What reaches into a container by way of its first process: `disk` and `dns`, on a real engine. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { testInjector } from '../../../src/faults/conformance.ts'
import { diskOfContainer } from '../../../src/faults/container/disk.ts'
import { dnsOfContainer } from '../../../src/faults/container/dns.ts'
import type { Json, Target } from '../../../src/faults/injector.ts'
import { type DockerEngine, startDocker, whyNoDocker } from '../../helpers/docker.ts'
import { everything } from '../../helpers/length.ts'
import { until } from '../../helpers/processes.ts'
import { planned } from '../host/support.ts'

const skip = (everything ? whyNoDocker() : (whyNoDocker() ?? 'long: SQUALL_TEST_ALL=1')) ?? false
const mega = 1024 ** 2

describe('within a container', { skip }, () => {
  let docker: DockerEngine
  let target: Target
  let pid = 0
  before(async () => {
    docker = await startDocker()
    const script = 'ln -s /etc/passwd /out; ln -s /data/deep /short; mkdir -p /data/deep; trap "exit 0" TERM; while :; do sleep 0.1; done'
    await docker.network('front', '10.215.1.0/24')
    const id = await docker.run({
      name: 'orders',
      command: ['sh', '-c', script],
      network: 'front',
      host: { Tmpfs: { '/data': 'size=64m' } },
    })
    pid = (await docker.inspect(id)).State.Pid
    const facts = { id, name: 'orders', image: 'squall-test', labels: {}, engine: docker.engine.address as unknown as Json }
    target = { place: 'container', id, name: 'container orders', facts }
    await until('its folders', () => statfsSync(`/proc/${pid}/root/data/deep`).bsize > 0)
  })
  after(() => docker.end())
  const free = (): number => {
    const { bavail, bsize } = statfsSync(`/proc/${pid}/root/data`)
    return bavail * bsize
  }

  describe('disk', () => {
    const spec = { path: '/short', leave: { bytes: 10 * mega } }
    const world = () => Promise.resolve({ target, spec, isThere: () => free() === 10 * mega, cleanUp: () => {} })
    for (const check of testInjector(diskOfContainer, { world })) test(check.name, check.run)

    test('a link that leads out of it is followed inside; what only looks like its disk is refused', async () => {
      await assert.rejects(planned(diskOfContainer, { ...spec, path: '/out' }, { target }), /etc is not there|passwd is not there/)
      await assert.rejects(planned(diskOfContainer, { ...spec, path: '/tmp' }, { target }), { code: 'target-protected' })
    })
    test('an engine elsewhere is refused', async () => {
      const facts = { ...target.facts, engine: { url: 'tcp://127.0.0.1:1' } }
      await assert.rejects(planned(diskOfContainer, spec, { target: { ...target, facts } }))
    })
    test('it is gone with its container', async () => {
      const id = await docker.run({ name: 'short-lived', command: ['sleep', '60'], host: { Tmpfs: { '/data': 'size=64m' } } })
      const facts = { ...target.facts, id, name: 'short-lived' }
      const fault = await planned(diskOfContainer, { ...spec, path: '/data' }, { target: { ...target, id, facts } })
      await fault.inject()
      assert.ok((await fault.look()).active)
      await docker.remove(id)
      await until('the holder to end', async () => !(await fault.look()).active, 3_000)
      await fault.rollback()
    })
  })
  describe('dns, where docker itself answers', () => {
    const wrong = '203.0.113.1'
    const inside = (...argv: string[]): string =>
      spawnSync('nsenter', ['-t', String(pid), '-n', '-m', '-r', '--', '/usr/bin/busybox', ...argv], { encoding: 'utf8' }).stdout
    const address = (): string | undefined => /Name:\s+orders\s+Address(?: 1)?: (\S+)/.exec(inside('nslookup', 'orders'))?.[1]
    const spec = { names: ['orders'], answer: wrong }
    const world = () => Promise.resolve({ target, spec, isThere: () => address() === wrong, cleanUp: () => {} })
    for (const check of testInjector(dnsOfContainer, { world })) test(check.name, check.run)

    test('the right address before and after, another name all the time', async () => {
      const right = address()
      assert.match(right ?? '', /^10\.215\.1\./)
      const fault = await planned(dnsOfContainer, spec, { target })
      await fault.inject()
      assert.equal(address(), wrong)
      await fault.rollback()
      assert.equal(address(), right)
    })
  })
})
