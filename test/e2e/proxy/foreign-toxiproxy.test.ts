/** Experiments at a proxy of a Toxiproxy server: what Squall adds there goes away again, however the run ends, and nothing else does. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { freePort } from '../../helpers/free-port.ts'
import { startToxiproxy, type ToxiproxyServer, withoutToxiproxy } from '../../helpers/toxiproxy.ts'
import { type Stage, until, withStage } from '../stage.ts'

interface Shown {
  enabled: boolean
  toxics: { name: string; attributes: Record<string, number> }[]
}

/** What the server itself shows of its proxy. */
interface World extends ToxiproxyServer {
  shown(): Promise<Shown>
  toxics(): Promise<string[]>
}

function withServer(work: (stage: Stage, world: World) => Promise<void>): ReturnType<typeof withStage> {
  return withStage(async (stage) => {
    const server = await startToxiproxy()
    const shown = async (): Promise<Shown> => (await server.call('GET', '/proxies/shop')) as Shown
    const toxics = async (): Promise<string[]> => (await shown()).toxics.map(({ name }) => name)
    try {
      await server.call('POST', '/proxies', { name: 'shop', listen: `127.0.0.1:${await freePort()}`, upstream: '127.0.0.1:9' })
      await server.call('POST', '/proxies/shop/toxics', { name: 'theirs', type: 'latency', attributes: { latency: 1 } })
      await work(stage, { ...server, shown, toxics })
    } finally {
      server.child.kill('SIGCONT')
      await server.end()
    }
  })
}

function experiment(stage: Stage, { url }: World, faults: string, fault = '60s'): string {
  const path = stage.document(faults, { fault })
  return stage.write(
    'at-toxiproxy.yaml',
    stage.text(path).replace('sources:', `proxies: { shop: { toxiproxy: '${url}', name: shop } }\nsources:`),
  )
}

const slow = '  - type: network\n    target: { proxy: shop }\n    delay: 300ms\n'
const refuse = '  - type: partition\n    target: { proxy: shop }\n    how: refuse\n'

suite('a Toxiproxy server as the place of a fault', { skip: withoutToxiproxy, concurrency: 5 }, () => {
  test(
    'runner and guardian killed: the next command takes away what they had put there, and nothing else',
    withServer(async (stage, world) => {
      const runner = stage.run(experiment(stage, world, slow + refuse))
      const { guardian } = await stage.started()
      await until('both faults to be there', async () => (await world.toxics()).length === 3 && !(await world.shown()).enabled, 20_000)
      process.kill(guardian, 'SIGKILL')
      process.kill(runner.pid, 'SIGKILL')
      await runner.ended
      await world.call('POST', '/proxies/shop/toxics', { name: 'added meanwhile', type: 'noop' })
      const { code, stdout } = await stage.command('rollback')
      assert.equal(code, 0, stdout)
      assert.deepEqual([await world.toxics(), (await world.shown()).enabled], [['theirs', 'added meanwhile'], true])
    }),
  )

  test(
    'what somebody changes of it during the run stays as they want it, and the run says so',
    withServer(async (stage, world) => {
      const runner = stage.run(experiment(stage, world, slow, '2s'))
      await until('the fault to be there', async () => (await world.toxics()).length === 2, 20_000)
      const name = (await world.toxics()).find((each) => each.startsWith('squall-')) ?? ''
      await world.call('POST', `/proxies/shop/toxics/${encodeURIComponent(name)}`, { attributes: { latency: 42 } })
      const { code, stdout } = await runner.ended
      assert.equal(code, 5, stdout)
      assert.match(stdout, /others have changed the toxic/)
      assert.deepEqual((await world.shown()).toxics.map(({ attributes }) => attributes.latency).sort(), [1, 42])
    }),
  )

  test(
    'a server that stands still holds up neither the end of the run nor, once it goes on, the rollback',
    withServer(async (stage, world) => {
      const runner = stage.run(experiment(stage, world, slow))
      await until('the fault to be there', () => stage.journal()?.changes.some(({ at }) => at === 'active') ?? false, 20_000)
      world.child.kill('SIGSTOP')
      process.kill(runner.pid, 'SIGINT')
      await until('the guardian to try', () => stage.journal()?.changes.some(({ at }) => at === 'undoing') ?? false)
      world.child.kill('SIGCONT')
      const { code, stdout } = await runner.ended
      assert.equal(code, 4, stdout)
      assert.deepEqual(await world.toxics(), ['theirs'])
    }),
  )

  test(
    'what Toxiproxy cannot do is refused before anything begins, and what it does differently stands in the plan',
    withServer(async (stage, world) => {
      const hang = await stage.command('plan', experiment(stage, world, '  - type: partition\n    target: { proxy: shop }\n'))
      assert.equal(hang.code, 2, hang.stdout)
      assert.match(hang.stderr, /cannot let connecting time out[^]*stall/)
      const faults = '  - type: network\n    target: { proxy: shop }\n    bandwidth: 10kbit\n'
      const narrow = await stage.command('plan', experiment(stage, world, faults))
      assert.match(narrow.stdout.replace(/\s+/g, ' '), /it is 1 kB\/s/)
      assert.deepEqual(await world.toxics(), ['theirs'])
    }),
  )

  test(
    'a proxy that the server does not have is refused before anything begins, with those that it has',
    withServer(async (stage, world) => {
      const path = experiment(stage, world, slow)
      stage.write('at-toxiproxy.yaml', stage.text(path).replace('name: shop', 'name: shp'))
      const { code, stderr } = await stage.run(path).ended
      assert.equal(code, 2, stderr)
      assert.match(stderr, /has no proxy shp/)
      assert.match(stderr, /It has: shop\./)
    }),
  )
})
