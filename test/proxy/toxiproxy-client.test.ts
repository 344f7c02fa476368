/** Faults in a running Toxiproxy server, judged by its own API and by what a caller feels. */
import assert from 'node:assert/strict'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import type { ConnectionFault, StreamFault } from '../../src/proxy/fault.ts'
import type { ProxyLease } from '../../src/proxy/lease-type.ts'
import { toxiproxyLease } from '../../src/proxy/toxiproxy-client.ts'
import { freePort } from '../helpers/free-port.ts'
import { until } from '../helpers/processes.ts'
import { startToxiproxy, type ToxiproxyServer, withoutToxiproxy } from '../helpers/toxiproxy.ts'

interface Shown {
  enabled: boolean
  toxics: { name: string; type: string; stream: string; attributes: Record<string, number> }[]
}

const slow = (ms: number): StreamFault => {
  return { is: 'stream', id: 'r1/slow/0', direction: 'down', share: 1, act: { is: 'delay', ms, jitter: 0 } }
}
const off: ConnectionFault = { is: 'connections', id: 'r1/off/0', new: 'refuse', live: 'close' }
const stall: ConnectionFault = { is: 'connections', id: 'r1/stall/0', new: 'stall', live: 'stall' }
const later = Date.now() + 60_000

for (const which of ['real', 'ours'] as const)
  suite(`faults in a Toxiproxy server: ${which}`, { skip: which === 'real' && withoutToxiproxy }, () => {
    let server: ToxiproxyServer
    let echo: Server
    /** The proxy of the test. */
    let shop: string
    let made = 0
    let listen: string
    let lease: ProxyLease
    const shown = async (): Promise<Shown> => (await server.call('GET', `/proxies/${shop}`)) as Shown
    const names = async (): Promise<string[]> => (await shown()).toxics.map(({ name }) => name)
    const seen = async (): Promise<string[]> => (await lease.status()).faults.map(({ fault }) => fault.id)

    before(async () => {
      server = await startToxiproxy(which)
    })
    after(() => server.end())
    beforeEach(async () => {
      shop = `shop-${++made}`
      echo = createServer((socket) => void socket.on('error', () => {}).pipe(socket))
      await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
      const { port } = echo.address() as { port: number }
      listen = `127.0.0.1:${await freePort()}`
      await server.call('POST', '/proxies', { name: shop, listen, upstream: `127.0.0.1:${port}` })
      await server.call('POST', `/proxies/${shop}/toxics`, { name: 'theirs', type: 'latency', attributes: { latency: 1 } })
      lease = await toxiproxyLease(server.url, shop)
    })
    afterEach(async () => {
      server.child.kill('SIGCONT')
      await server.call('DELETE', `/proxies/${shop}`).catch(() => {}) // The last test ends the server.
      echo.close()
    })

    /** ms until an echo comes back. */
    async function echoes(): Promise<number> {
      const [host = '', port = ''] = listen.split(':')
      const socket: Socket = connect(Number(port), host)
      try {
        await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
        const start = performance.now()
        socket.write('x')
        await new Promise<void>((resolve, reject) =>
          socket
            .once('data', () => resolve())
            .once('close', () => reject(new Error('closed')))
            .once('error', reject),
        )
        return performance.now() - start
      } finally {
        socket.destroy()
      }
    }

    test('are there after put, felt by callers, and gone after remove, twice; what others have added stays', async () => {
      await lease.put([slow(150)], 'run r1', later)
      assert.ok((await echoes()) >= 150)
      assert.deepEqual((await lease.status()).faults, [{ fault: slow(150) }])
      assert.deepEqual(await names(), ['theirs', 'squall-r1.slow.0:one'])
      await lease.remove(['r1/slow/0'])
      await lease.remove(['r1/slow/0', 'r1/never/0'])
      assert.deepEqual(await names(), ['theirs'])
      assert.deepEqual(await seen(), [])
      assert.equal(lease.changed?.(['r1/slow/0']), undefined)
    })

    test('are moved in place', async () => {
      await lease.put([slow(150)], 'run r1', later)
      await lease.put([slow(30)], 'run r1', later)
      await lease.put([{ ...slow(30), direction: 'up' }], 'run r1', later)
      const { toxics } = await shown()
      assert.deepEqual(
        toxics.map(({ name, stream, attributes }) => [name, stream, attributes.latency]),
        [
          ['squall-r1.slow.0:one', 'upstream', 30],
          ['theirs', 'downstream', 1],
        ],
      )
      assert.equal(lease.changed?.(['r1/slow/0']), undefined)
    })

    test('a stall holds what callers send and lets it through when it ends', async () => {
      await lease.put([stall], 'run r1', later)
      const echoed = echoes()
      echoed.catch(() => {})
      assert.deepEqual((await lease.status()).faults, [{ fault: stall }])
      assert.equal(await Promise.race([echoed, new Promise((resolve) => setTimeout(resolve, 200, 'nothing came'))]), 'nothing came')
      await lease.remove([stall.id])
      assert.ok((await echoed) >= 200)
    })

    test('to refuse connections the proxy is disabled, and enabled again by anybody who knows the id', async () => {
      await lease.put([off], 'run r1', later)
      await assert.rejects(echoes(), { code: 'ECONNREFUSED' })
      assert.equal((await lease.status()).accepting, 'refuse')
      assert.deepEqual(await seen(), [off.id])
      // Another address of the same server is another lease, which knows nothing of this one, as another process would.
      const other = await toxiproxyLease(`${server.url}/`, shop)
      await other.remove([off.id])
      assert.ok((await echoes()) < 5_000)
      assert.deepEqual(await names(), ['theirs'])
    })

    test('to close or reset connections ends live ones too, and new ones are served again afterwards', async () => {
      for (const [how, fresh] of [
        ['close', /closed/],
        ['reset', /ECONNRESET/],
      ] as const) {
        const [host = '', port = ''] = listen.split(':')
        const live = connect(Number(port), host).on('error', () => {})
        const over = new Promise((resolve) => live.once('close', resolve))
        await new Promise((resolve) => live.once('connect', resolve))
        await lease.put([{ is: 'connections', id: `r1/${how}`, new: how, live: how }], 'run r1', later)
        await assert.rejects(echoes(), fresh)
        live.write('x')
        await over
        await lease.remove([`r1/${how}`])
        assert.ok((await echoes()) < 5_000)
      }
    })

    test('a proxy that is disabled already is not taken for ours', async () => {
      await server.call('POST', `/proxies/${shop}`, { enabled: false })
      await assert.rejects(Promise.resolve(lease.check?.([off])), { code: 'toxiproxy-not-usable', message: /is disabled already/ })
      await assert.rejects(lease.put([off], 'run r1', later), /is disabled already/)
      await lease.remove([off.id])
      assert.equal((await shown()).enabled, false)
      assert.equal(lease.changed?.([off.id]), undefined)
    })

    test('what others change of ours meanwhile is left as it is, and told', async () => {
      await lease.put([slow(150), stall], 'run r1', later)
      await server.call('POST', `/proxies/${shop}/toxics/squall-r1.slow.0:one`, { attributes: { latency: 77 } })
      await server.call('DELETE', `/proxies/${shop}/toxics/squall-r1.stall.0:up`)
      assert.deepEqual(await seen(), [])
      assert.match(lease.changed?.(['r1/slow/0']) ?? '', /changed the toxic squall-r1.slow.0:one: latency downstream latency=77/)
      await assert.rejects(lease.put([slow(99)], 'run r1', later), /others have changed/)
      await lease.remove(['r1/slow/0', stall.id])
      const { toxics } = await shown()
      assert.deepEqual(
        toxics.map(({ name, attributes }) => [name, attributes.latency]),
        [
          ['theirs', 1],
          ['squall-r1.slow.0:one', 77],
        ],
      )
      assert.match(lease.changed?.([stall.id]) ?? '', /removed the toxic squall-r1.stall.0:up/)
    })

    test('a proxy that others have enabled and disabled meanwhile stays as they want it', async () => {
      await lease.put([off], 'run r1', later)
      await server.call('POST', `/proxies/${shop}`, { enabled: true })
      assert.deepEqual(await seen(), [])
      await server.call('POST', `/proxies/${shop}`, { enabled: false })
      await lease.remove([off.id])
      assert.match(lease.changed?.([off.id]) ?? '', /others have enabled the proxy/)
      assert.deepEqual([(await shown()).enabled, await names()], [false, ['theirs']])
    })

    test('a /reset of others is told, and nothing is left to do', async () => {
      await lease.put([off, slow(5)], 'run r1', later)
      await server.call('POST', '/reset')
      await lease.remove([off.id, 'r1/slow/0'])
      assert.match(lease.changed?.([off.id]) ?? '', /others have removed/)
      assert.match(lease.changed?.(['r1/slow/0']) ?? '', /others have removed/)
    })

    test('a fault that begins again knows of its earlier life only what others have made of it', async () => {
      await lease.put([slow(5)], 'run r1', later)
      await server.call('DELETE', `/proxies/${shop}/toxics/squall-r1.slow.0:one`)
      await lease.remove(['r1/slow/0'])
      await lease.put([slow(5)], 'run r1', later)
      assert.deepEqual([await seen(), lease.changed?.(['r1/slow/0'])], [['r1/slow/0'], undefined])
      await lease.remove(['r1/slow/0'])
      assert.deepEqual([await names(), lease.changed?.(['r1/slow/0'])], [['theirs'], undefined])
    })

    test('a proxy that is not there is named, with those that are', async () => {
      const nowhere = await toxiproxyLease(server.url, 'shp')
      const error = { code: 'no-target', message: /has no proxy shp/, hint: `It has: ${shop}.` }
      await assert.rejects(Promise.resolve(nowhere.check?.([slow(1)])), error)
      await assert.rejects(nowhere.put([slow(1)], 'run r1', later), error)
    })

    test('what the server hears late, while it hangs, is waited for before it is taken away', { timeout: 60_000 }, async () => {
      server.child.kill('SIGSTOP')
      const putting = lease.put([slow(20)], 'run r1', later)
      putting.catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 50))
      const removing = lease.remove(['r1/slow/0'])
      server.child.kill('SIGCONT')
      await removing
      await assert.rejects(putting, /is being rolled back/)
      assert.deepEqual(await names(), ['theirs'])
    })

    test('with the server gone every question ends, and says so', async () => {
      await lease.put([slow(20)], 'run r1', later)
      await server.end()
      for (const ask of [() => lease.status(), () => lease.remove(['r1/slow/0']), () => lease.put([slow(1)], 'run r1', later)])
        await assert.rejects(ask, { code: 'toxiproxy-not-usable', message: /:\d+ cannot be reached: .*ECONNREFUSED/ })
      await until('nobody to listen', () =>
        echoes().then(
          () => false,
          () => true,
        ),
      )
    })
  })
