/** Callers that do not read, and callers that behave badly: the proxy stays small, lives, and keeps nothing of them. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { suite, test } from 'node:test'
import type { ConnectionFault, ProxyFault, StreamAct } from '../../../src/proxy/fault.ts'
import { sleep } from '../../../src/system/clock.ts'
import { randomSeed, seededRandom } from '../../../src/system/random.ts'
import { everything } from '../../helpers/length.ts'
import { until } from '../../helpers/processes.ts'
import { type ProxyProcess, startPeers, startProxyProcess } from './start.ts'

const mebibyte = 1024 * 1024

suite('a crowded proxy', () => {
  test('callers that read nothing under a delay of 10 s cost bounded memory, and the service is held back', async (t) => {
    const peers = startPeers('slow_reader.py')
    const proxy = await startProxyProcess(`127.0.0.1:${await peers.next()}`)
    try {
      await proxy.put({ is: 'stream', id: 'late', direction: 'down', share: 1, act: { is: 'delay', ms: 10_000, jitter: 0 } })
      const before = proxy.memory()
      const [host, port] = proxy.listen.split(':')
      const count = 24
      const sent = Number(await peers.ask(`${host} ${port} ${count}`))
      const grown = (proxy.memory() - before) / mebibyte
      const { connections, limitedMs } = await proxy.status()
      assert.equal(connections.open, count)
      assert.ok(limitedMs > 0, 'it says nowhere that its queues were full')
      t.diagnostic(`${count} connections took ${Math.round(sent / mebibyte)} MiB, of which the process keeps ${Math.round(grown)}`)
      assert.ok(sent / mebibyte < 1_000, 'the service was never held back')
      assert.ok(grown < 512, `${grown} MiB`)
    } finally {
      await peers.end()
      await proxy.end()
    }
  })

  for (const carries of ['bytes', 'http'] as const) {
    test(`a flood of bad callers of a proxy of ${carries} ends nothing and leaves nothing, while faults change`, async () => {
      const service = createServer((socket) => void socket.on('error', () => {}).pipe(socket))
      await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
      const proxy = await startProxyProcess(`127.0.0.1:${(service.address() as { port: number }).port}`, carries)
      const seed = randomSeed()
      try {
        const [host = '', port = ''] = proxy.listen.split(':')
        const before = proxy.descriptors()
        const flood = startPeers('flood.py', host, port, everything ? '5' : '1.5', String(seed))
        let over = false
        const flooded = flood.next().then((line) => ((over = true), Number(line)))
        await anything(proxy, seededRandom(seed), () => over)
        assert.ok((await flooded) > 200, `${await flooded} connections`)
        assert.equal(proxy.ended(), false)
        await until('all connections to be over', async () => (await proxy.status()).connections.open === 0)
        await until(`${before} descriptors, as before`, () => proxy.descriptors() <= before)
        assert.deepEqual((await proxy.status()).faults, [])
      } catch (error) {
        throw new Error(`seed ${seed}: ${JSON.stringify(await proxy.connections())}`, { cause: error })
      } finally {
        await proxy.end()
        service.close()
      }
    })
  }
})

/** Every fault there is, harmful or not. */
async function anything(proxy: ProxyProcess, random: () => number, over: () => boolean): Promise<void> {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const ends: ConnectionFault['live'][] = ['stall', 'reset', 'close']
  const fresh: ConnectionFault['new'][] = ['refuse', 'hang', 'stall', 'reset', 'close']
  const ids = ['a', 'b', 'c', 'd']
  while (!over()) {
    const id = pick(ids)
    if (random() < 0.5) await proxy.remove(id)
    else if (random() < 0.4)
      await proxy.put({ is: 'connections', id, ...(random() < 0.5 ? { new: pick(fresh) } : { live: pick(ends) }) } as ProxyFault)
    else await proxy.put({ is: 'stream', id, direction: pick(['up', 'down']), share: random(), act: pick(acts) })
    await sleep(random() * 20)
  }
  for (const id of ids) await proxy.remove(id)
}

const acts: readonly StreamAct[] = [
  { is: 'delay', ms: 30, jitter: 30, shape: 'normal' },
  { is: 'rate', bytesPerSecond: 5_000 },
  { is: 'rate', bytesPerSecond: 0 },
  { is: 'slice', size: 1, variation: 0, pauseUs: 10 },
  { is: 'cut', bytes: 0, by: 'close' },
  { is: 'cut', bytes: 1_000, by: 'reset' },
  { is: 'drop', closeAfter: 0 },
  { is: 'drop', closeAfter: 20 },
  { is: 'slow close', ms: 50 },
  { is: 'reset', after: 5 },
  { is: 'noop' },
]
