/** How connections end: half, whole, by a reset, and when there is no service. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, suite, test } from 'node:test'
import { startProxy } from '../../src/proxy/proxy.ts'
import { until } from '../helpers/processes.ts'
import { dial, kinds, numbered, peer, type Through, throughProxy } from './through.ts'

for (const carries of kinds)
  suite(`a connection through a proxy of ${carries}`, () => {
    let through: Through
    afterEach(() => through.close())

    const isOver = (): Promise<void> => until('the connection to be over', () => through.proxy.status().connections.open === 0)

    test('may end on one side only: the answer still comes', async () => {
      through = await throughProxy({ carries })
      const { caller, service } = await through.pair()
      caller.socket.end('a question')
      await until('the end', () => service.state() === 'ended')
      assert.equal(service.got().toString(), 'a question')
      service.socket.write('an ')
      service.socket.end('answer')
      await until('the answer', () => caller.state() === 'ended')
      assert.equal(caller.got().toString(), 'an answer')
      await isOver()
      assert.deepEqual(through.proxy.status().bytes, { up: 10, down: 9 })
    })

    test('carries megabytes both ways at once, to readers that begin late', async () => {
      through = await throughProxy({ carries })
      const { caller, service } = await through.pair()
      const data = numbered(6_000_000)
      service.socket.pause()
      caller.socket.pause()
      caller.socket.end(data)
      service.socket.end(data)
      await until('the proxy to stand still', () => through.proxy.status().bytes.up > 300_000)
      service.socket.resume()
      caller.socket.resume()
      await until('both ends', () => caller.state() === 'ended' && service.state() === 'ended')
      assert.ok(caller.got().equals(data) && service.got().equals(data))
      await isOver()
    })

    for (const from of ['caller', 'service'] as const) {
      const to = from === 'caller' ? 'service' : 'caller'
      test(`reset by the ${from} is reset for the ${to}, and what was sent before is there`, async () => {
        through = await throughProxy({ carries })
        const pair = await through.pair()
        pair[from].socket.write('last words')
        await until('them', () => pair[to].got().length === 10)
        pair[from].socket.resetAndDestroy()
        await until('the reset', () => pair[to].state() === 'reset')
        await isOver()
      })

      test(`reset by the ${from} under a delay is reset for the ${to} when what was sent before has arrived`, async () => {
        through = await throughProxy({ carries })
        const pair = await through.pair()
        const direction = from === 'caller' ? 'up' : 'down'
        through.proxy.put({ is: 'stream', id: 'late', direction, share: 1, act: { is: 'delay', ms: 40, jitter: 0 } })
        pair[from].socket.write('last words')
        await until('them to wait', () => (through.proxy.connections()[0]?.held[direction] ?? 0) > 0)
        pair[from].socket.resetAndDestroy()
        await until('the reset', () => pair[to].state() === 'reset')
        assert.equal(pair[to].got().toString(), 'last words')
        await isOver()
      })
    }

    test('reset as soon as it is made is reset for the service too, however early in its life', async () => {
      const { proxy, pair, close } = await throughProxy()
      proxy.put({ is: 'stream', id: 'reset', direction: 'up', share: 1, act: { is: 'reset', after: 0 } })
      const pairs: Awaited<ReturnType<typeof pair>>[] = []
      for (let count = 0; count < 60; count++) {
        const one = await pair()
        one.caller.socket.write('x')
        pairs.push(one)
      }
      const sides = pairs.flatMap(({ caller, service }) => [caller, service])
      await until('all ends to be over', () => sides.every((side) => side.state() !== 'open'))
      assert.equal(sides.filter((side) => side.state() === 'reset').length, sides.length)
      await close()
    })

    test('to a service where nobody listens gets a clean end, with what was sent unread', async () => {
      through = await throughProxy({ carries, upstream: '127.0.0.1:1' })
      const caller = await through.call()
      caller.socket.write('hello?')
      await until('the end', () => caller.state() !== 'open')
      assert.equal(caller.state(), 'ended')
      assert.equal(through.proxy.status().connections.failedUpstream, 1)
      await isOver()
    })

    test('to a service that does not answer keeps nobody else waiting', async () => {
      // Its own way to hang makes the service that does not answer.
      const hole = await startProxy({ name: 'hole', listen: '127.0.0.1:0', upstream: '127.0.0.1:1', carries: 'bytes' })
      through = await throughProxy({ carries, upstream: hole.listen })
      try {
        hole.put({ is: 'connections', id: 'hang', new: 'hang' })
        await until('it to hang', () => hole.status().accepting === 'hang')
        const callers = await Promise.all([through.call(), through.call(), through.call()])
        for (const caller of callers) caller.socket.write('hello?')
        await until('all to be accepted', () => through.proxy.status().connections.accepted === 3)
        through.proxy.put({ is: 'stream', id: 'late', direction: 'up', share: 1, act: { is: 'delay', ms: 1, jitter: 0 } })
        assert.equal(through.proxy.remove('late'), true)
        callers[1]?.socket.end()
        callers[0]?.socket.resetAndDestroy()
        await until('the one who has broken off to be over', () => through.proxy.status().connections.open === 2)
        await through.proxy.stop()
        await until('the rest to end', () => callers[2]?.state() === 'ended')
        await isOver()
      } finally {
        await hole.stop()
      }
    })

    test('by Unix sockets on both sides', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'squall-proxy-'))
      through = await throughProxy({ carries, listen: `unix:${join(folder, 'in')}` }, join(folder, 'out'))
      try {
        assert.equal(through.proxy.listen, join(folder, 'in'))
        const { caller, service } = await through.pair()
        caller.socket.end(numbered(300_000))
        await until('the end', () => service.state() === 'ended')
        assert.ok(service.got().equals(numbered(300_000)))
        service.socket.end('thanks')
        await until('the answer', () => caller.state() === 'ended')
        assert.equal(caller.got().toString(), 'thanks')
        const other = await through.pair()
        through.proxy.put({ is: 'connections', id: 'reset', live: 'reset' })
        await until('the end', () => other.caller.state() !== 'open' && other.service.state() !== 'open')
        await isOver()
      } finally {
        rmSync(folder, { recursive: true })
      }
    })

    test('is closed, with all it has sent, when the proxy stops', async () => {
      through = await throughProxy({ carries })
      const { caller, service } = await through.pair()
      caller.socket.write('hello')
      await until('it', () => service.got().length === 5)
      const other = peer(dial(through.proxy.listen))
      await through.proxy.stop()
      await until('both ends', () => caller.state() === 'ended' && service.state() === 'ended')
      await until('the other, too', () => other.state() !== 'open')
      await isOver()
    })
  })
