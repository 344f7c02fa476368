/** What each fault of a stream does to real connections. Times are held only against what may never be. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { FaultStatus, StreamAct, StreamFault } from '../../src/proxy/fault.ts'
import { monotonicMs } from '../../src/system/clock.ts'
import { until } from '../helpers/processes.ts'
import { kinds, numbered, type Through, throughProxy } from './through.ts'

for (const carries of kinds)
  suite(`faults in a stream of ${carries}`, () => {
    let through: Through
    beforeEach(async () => {
      through = await throughProxy({ carries })
    })
    afterEach(() => through.close())

    const put = (id: string, act: StreamAct, more: Partial<StreamFault> = {}): void =>
      through.proxy.put({ is: 'stream', id, direction: 'up', share: 1, act, ...more })
    const statusOf = (id: string): FaultStatus => {
      const found = through.proxy.status().faults.find(({ fault }) => fault.id === id)
      assert.ok(found, `${id} is there`)
      return found
    }

    test('delay: no piece is early, none overtakes, several add up, and the achieved one is told', async () => {
      const { caller, service } = await through.pair()
      put('one', { is: 'delay', ms: 20, jitter: 15 })
      put('other', { is: 'delay', ms: 10, jitter: 0 })
      const sent: number[] = []
      const came: number[] = []
      service.socket.on('data', (data: Buffer) => data.forEach(() => came.push(monotonicMs())))
      for (let index = 0; index < 20; index++) {
        sent.push(monotonicMs())
        caller.socket.write(Buffer.of(index))
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      await until('all', () => came.length === 20)
      assert.deepEqual([...service.got()], [...Array(20).keys()])
      const waits = came.map((at, index) => at - (sent[index] ?? 0))
      assert.ok(Math.min(...waits) >= 15, `${Math.min(...waits)} ms`)
      const { delay = 0 } = statusOf('other').achieved
      assert.ok(delay >= 10 && delay < 2_000, `${delay} ms`)
    })

    test('delay: what waits follows another setting, and goes at once when the fault ends', async () => {
      const { caller, service } = await through.pair()
      put('late', { is: 'delay', ms: 3_600_000, jitter: 0 })
      caller.socket.write('one')
      await until('it to wait', () => (through.proxy.connections()[0]?.held.up ?? 0) > 0)
      put('late', { is: 'delay', ms: 5, jitter: 0 })
      await until('it to come', () => service.got().toString() === 'one')
      put('late', { is: 'delay', ms: 3_600_000, jitter: 1_000, shape: 'normal' })
      caller.socket.end('two')
      await until('it to wait', () => (through.proxy.connections()[0]?.held.up ?? 0) > 0)
      assert.equal(through.proxy.remove('late'), true)
      await until('the end', () => service.state() === 'ended')
      assert.equal(service.got().toString(), 'onetwo')
    })

    test('rate: bytes come no faster than asked, and all of them', async () => {
      const { caller, service } = await through.pair()
      put('slow', { is: 'rate', bytesPerSecond: 1_000_000 })
      const began = monotonicMs()
      caller.socket.end(numbered(300_000))
      await until('the end', () => service.state() === 'ended')
      assert.ok(monotonicMs() - began >= 299, `${monotonicMs() - began} ms`)
      assert.ok(service.got().equals(numbered(300_000)))
      const { rate = 0 } = statusOf('slow').achieved
      assert.ok(rate > 50_000 && rate < 1_010_000, `${rate}`)
    })

    test('rate: that the sender is held back is its doing, and no limit of ours', async () => {
      const { caller, service } = await through.pair()
      put('slow', { is: 'rate', bytesPerSecond: 2_000_000 })
      caller.socket.end(numbered(900_000))
      await until('the end', () => service.state() === 'ended')
      assert.equal(through.proxy.status().limitedMs, 0)
    })

    test('rate: 0 loses nothing, and another rate or the end of the fault lets it flow', async () => {
      const { caller, service } = await through.pair()
      put('still', { is: 'rate', bytesPerSecond: 0 })
      caller.socket.end(numbered(50_000))
      await until('it to wait', () => (through.proxy.connections()[0]?.held.up ?? 0) > 0)
      assert.equal(service.got().length, 0)
      put('still', { is: 'rate', bytesPerSecond: 100_000 })
      await until('something', () => service.got().length > 0)
      put('still', { is: 'rate', bytesPerSecond: 0 })
      const stood = service.got().length
      assert.ok(stood < 50_000)
      through.proxy.remove('still')
      await until('the end', () => service.state() === 'ended')
      assert.ok(service.got().equals(numbered(50_000)))
    })

    test('rate: many changes lose and add no time', async () => {
      const { caller, service } = await through.pair()
      put('slow', { is: 'rate', bytesPerSecond: 20_000 })
      const began = monotonicMs()
      caller.socket.write(numbered(100_000))
      for (let index = 0; index < 20; index++) {
        await new Promise((resolve) => setTimeout(resolve, 10))
        put('slow', { is: 'rate', bytesPerSecond: 20_000 + index })
      }
      const least = ((monotonicMs() - began) / 1000) * 20_000
      await until('what is due', () => service.got().length >= least * 0.8)
      assert.ok(service.got().length <= ((monotonicMs() - began) / 1000) * 20_030)
    })

    test('slice: the pieces are about so long, and together what was sent', async () => {
      const { caller, service } = await through.pair()
      const sizes: number[] = []
      service.socket.on('data', (data: Buffer) => sizes.push(data.length))
      put('sliced', { is: 'slice', size: 100, variation: 50, pauseUs: 200 })
      caller.socket.end(numbered(5_000))
      await until('the end', () => service.state() === 'ended')
      assert.ok(service.got().equals(numbered(5_000)))
      const { pieces } = statusOf('sliced').acted
      assert.ok(pieces >= 34 && pieces <= 100, `${pieces} pieces`)
      assert.ok(sizes.length > 1)
    })

    test('slice: nonsense in its numbers is not the end of the world', async () => {
      const { caller, service } = await through.pair()
      put('sliced', { is: 'slice', size: 0, variation: 9, pauseUs: 0 })
      caller.socket.end(numbered(1_000))
      await until('the end', () => service.state() === 'ended')
      assert.ok(service.got().equals(numbered(1_000)))
    })

    for (const by of ['close', 'reset'] as const) {
      test(`cut by ${by}: exactly so many bytes, also behind a delay and to a reader that begins late`, async () => {
        const { caller, service } = await through.pair()
        service.socket.pause()
        put('cut', { is: 'cut', bytes: 700_001, by })
        put('late', { is: 'delay', ms: 20, jitter: 0 })
        caller.socket.write(numbered(700_000))
        caller.socket.write('!!!!!')
        await until('the cut', () => statusOf('cut').acted.pieces === 1)
        service.socket.resume()
        const end = by === 'close' ? 'ended' : 'reset'
        await until('both ends', () => service.state() === end && caller.state() === end)
        assert.equal(service.got().length, 700_001, JSON.stringify(through.proxy.status()))
        assert.ok(service.got().subarray(0, 700_000).equals(numbered(700_000)))
        await until('the connection to be over', () => through.proxy.status().connections.open === 0)
      })
    }

    test('cut: counts from when it was put, and a change of its bytes begins no new count', async () => {
      const { caller, service } = await through.pair()
      caller.socket.write('before')
      await until('it', () => service.got().length === 6)
      put('cut', { is: 'cut', bytes: 100, by: 'close' })
      caller.socket.write('12345')
      await until('it', () => service.got().length === 11)
      put('cut', { is: 'cut', bytes: 7, by: 'close' })
      caller.socket.write('67890')
      await until('the end', () => service.state() === 'ended')
      assert.equal(service.got().toString(), 'before1234567')
    })

    test('drop: nothing comes, and the connection is closed a while after the last piece', async () => {
      const { caller, service } = await through.pair()
      put('drop', { is: 'drop', closeAfter: 30 })
      caller.socket.write('lost')
      await until('both ends', () => service.state() === 'ended' && caller.state() === 'ended')
      assert.equal(service.got().length, 0)
      assert.deepEqual(statusOf('drop').acted, { connections: 1, pieces: 1, bytes: 4, requests: 0 })
    })

    test('drop: another time for the end counts from the last piece', async () => {
      const { caller, service } = await through.pair()
      put('drop', { is: 'drop', closeAfter: 3_600_000 })
      caller.socket.write('lost')
      await until('it to be lost', () => statusOf('drop').acted.pieces === 1)
      put('drop', { is: 'drop', closeAfter: 1 })
      await until('the end', () => service.state() === 'ended')
    })

    test('slow close: data passes, the end comes later, and at once when the fault ends', async () => {
      const { caller, service } = await through.pair()
      put('slow', { is: 'slow close', ms: 3_600_000 })
      caller.socket.end('bye')
      await until('it', () => service.got().toString() === 'bye')
      await until('the end to be held', () => statusOf('slow').acted.pieces === 1)
      assert.equal(service.state(), 'open')
      through.proxy.remove('slow')
      await until('the end', () => service.state() === 'ended')
    })

    test('reset: after the first piece, for both, on a connection that was there before', async () => {
      const { caller, service } = await through.pair()
      const idle = await through.pair()
      put('reset', { is: 'reset', after: 5 })
      caller.socket.write('x')
      await until('both resets', () => service.state() === 'reset' && caller.state() === 'reset')
      assert.equal(service.got().length, 0)
      assert.deepEqual([idle.caller.state(), idle.service.state()], ['open', 'open'])
    })

    test('share: the same seed draws the same connections, a change of the act keeps them, more share adds to them', async () => {
      const pairs = []
      for (let index = 0; index < 20; index++) pairs.push(await through.pair())
      const drawn = (id: string): number[] =>
        through.proxy
          .connections()
          .filter(({ faults }) => faults.includes(id))
          .map(({ id }) => id)
      put('some', { is: 'delay', ms: 1, jitter: 0 }, { share: 0.4, seed: 5 })
      const first = drawn('some')
      assert.ok(first.length > 1 && first.length < 16, `${first.length} of 20`)
      put('some', { is: 'delay', ms: 2, jitter: 0 }, { share: 0.4, seed: 5 })
      assert.deepEqual(drawn('some'), first)
      put('some', { is: 'delay', ms: 2, jitter: 0 }, { share: 0.7, seed: 5 })
      const more = drawn('some')
      assert.ok(more.length > first.length && first.every((id) => more.includes(id)))
      assert.equal(statusOf('some').achieved.share, more.length / 20)
      assert.equal(statusOf('some').acted.connections, more.length)
      through.proxy.remove('some')
      put('some', { is: 'noop' }, { share: 1, seed: 5 })
      put('some', { is: 'delay', ms: 2, jitter: 0 }, { share: 0.4, seed: 5 })
      assert.deepEqual(drawn('some'), first)
    })
  })
