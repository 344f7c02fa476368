import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { network } from '../../../src/faults/host/network.ts'
import { partition } from '../../../src/faults/host/partition.ts'
import { protectedFlows, sparedFrom } from '../../../src/faults/host/protected.ts'
import type { AnyInjector, Context, Json, Target } from '../../../src/faults/injector.ts'
import { flowText, readTo, resolveTo, type To } from '../../../src/faults/packets/to.ts'

const session = { flow: { family: 4 as const, address: '10.1.2.3', prefix: 32, port: 51_000 }, why: 'an SSH session on this machine' }

async function spared(text?: string): Promise<string[]> {
  const reading = text === undefined ? undefined : readTo(text)
  const to = reading?.ok ? reading.value : undefined
  return sparedFrom([session], to, to && (await resolveTo(to))).map(({ flow }) => flowText(flow))
}

function withEnvironment<T>(variables: Record<string, string>, body: () => Promise<T>): Promise<T> {
  const before = { ...process.env }
  Object.assign(process.env, variables)
  return body().finally(() => {
    process.env = before
  })
}

describe('what is never cut', () => {
  test('is spared where everything, a network or a port of everybody is meant', async () => {
    for (const text of [undefined, '10.0.0.0/8', ':51000']) assert.deepEqual(await spared(text), ['10.1.2.3:51000'])
    for (const text of ['10.2.0.0/16', ':443', '10.1.2.3:443', 'fd00::/8']) assert.deepEqual(await spared(text), [])
  })
  test('is refused where it is named', async () => {
    for (const text of ['10.1.2.3', '10.1.2.3:51000'])
      await assert.rejects(spared(text), (error: { code?: string }) => error.code === 'target-protected')
  })
  test('knows the session from which Squall was started, and the engine', async () => {
    const found = await withEnvironment(
      { SSH_CONNECTION: '192.0.2.7 50123 192.0.2.1 22', DOCKER_HOST: 'tcp://192.0.2.9:2376' },
      protectedFlows,
    )
    const all = found.map(({ flow, why }) => `${flowText(flow)} ${why}`)
    assert.ok(all.includes('192.0.2.7:50123 the session from which Squall was started'), all.join('\n'))
    assert.ok(all.includes('192.0.2.9:2376 the Docker engine'), all.join('\n'))
  })
  test('plan says what is spared, and lets nobody take all of lo', async () => {
    const at = (narrowing: { to?: To; interface?: string }): Target => ({
      place: 'host',
      id: 'local',
      name: 'this host',
      facts: { narrowing: narrowing as unknown as Json },
    })
    const context = { mark: 'protected/test', deadline: new Date(Date.now() + 5_000) } as Context<unknown>
    const plan = (injector: AnyInjector, target: Target) =>
      injector.plan(injector === network ? { loss: 0.1 } : {}, target, context as never)
    const change = await withEnvironment({ SSH_CONNECTION: '192.0.2.7 50123 192.0.2.1 22' }, () => plan(partition, at({})))
    assert.ok(change.hits?.includes('not cut: the session from which Squall was started (192.0.2.7:50123)'), change.hits?.join('\n'))
    assert.match(change.steps?.[0]?.does ?? '', /ip daddr 192\.0\.2\.7\/32 tcp dport 50123 accept/)
    await assert.rejects(plan(network, at({ interface: 'lo' })), /name what is meant by to/)
  })
  test('is nothing on a machine to which nobody is connected', async () => {
    // A server that listens is no session.
    const server = createServer().listen(0, '127.0.0.1')
    const found = await withEnvironment({ DOCKER_HOST: 'unix:///var/run/docker.sock', KUBECONFIG: '/dev/null' }, protectedFlows)
    assert.deepEqual(
      found.filter(({ flow }) => flow.address.startsWith('127.')),
      [],
    )
    server.close()
  })
})
