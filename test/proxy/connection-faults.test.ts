/** What happens to connections as a whole, those that come and those that are there. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { ConnectionFault } from '../../src/proxy/fault.ts'
import { listPids, readCommandLine, readStat } from '../../src/system/proc.ts'
import { stateOf, until } from '../helpers/processes.ts'
import { dial, kinds, type Peer, peer, type Through, throughProxy } from './through.ts'

/** Processes of ours that keep an address. */
function keepers(): number[] {
  return listPids().filter(
    (pid) => readStat(pid)?.ppid === process.pid && stateOf(pid) !== 'Z' && /listener-keeper/.test(readCommandLine(pid)?.join(' ') ?? ''),
  )
}

for (const carries of kinds)
  suite(`faults of connections as a whole of ${carries}`, () => {
    let through: Through
    const more: Peer[] = []
    beforeEach(async () => {
      through = await throughProxy({ carries })
    })
    afterEach(async () => {
      for (const { socket } of more.splice(0)) socket.destroy()
      await through.close()
    })

    const put = (id: string, fault: Pick<ConnectionFault, 'new' | 'live'>): void => through.proxy.put({ is: 'connections', id, ...fault })
    const accepting = (): string => through.proxy.status().accepting
    /** A caller of whom nobody says whether he gets through. */
    const knock = (): Peer => {
      const caller = peer(dial(through.proxy.listen))
      more.push(caller)
      return caller
    }
    const asksAndIsAnswered = async ({ caller, service }: { caller: Peer; service: Peer }): Promise<void> => {
      caller.socket.write('?')
      await until('the question', () => service.got().toString().endsWith('?'))
      service.socket.write('!')
      await until('the answer', () => caller.got().toString().endsWith('!'))
    }

    test('refuse: connecting is refused, those that are there go on, and afterwards the address is the same', async () => {
      const pair = await through.pair()
      const { listen } = through.proxy
      put('refuse', { new: 'refuse' })
      assert.equal(accepting(), 'refuse')
      const refused = knock()
      await until('the refusal', () => refused.state() === 'reset')
      await asksAndIsAnswered(pair)
      through.proxy.remove('refuse')
      await until('it to listen', () => accepting() === 'open')
      await asksAndIsAnswered(await through.pair())
      assert.equal(through.proxy.listen, listen)
    })

    test('hang: connecting is not answered, and is when the fault ends', async () => {
      const pair = await through.pair()
      put('hang', { new: 'hang' })
      await until('it to hang', () => accepting() === 'hang')
      const accepted = through.proxy.status().connections.accepted
      const waiting = knock()
      await new Promise((resolve) => setTimeout(resolve, 100))
      assert.deepEqual([waiting.socket.connecting, waiting.state()], [true, 'open'])
      await asksAndIsAnswered(pair)
      through.proxy.remove('hang')
      // The kernel asks again after 1 s.
      await until('the one who waits to be connected', () => !waiting.socket.connecting && waiting.state() === 'open')
      await until('him to be served', () => through.proxy.status().connections.open === 2)
      assert.equal(through.proxy.status().connections.accepted, accepted + 1, 'nobody but him')
    })

    test('hang and open in quick turns end as it was told last', async () => {
      for (let round = 0; round < 3; round++) {
        put('hang', { new: 'hang' })
        through.proxy.remove('hang')
      }
      await until('it to listen', () => accepting() === 'open')
      await asksAndIsAnswered(await through.pair())
      put('hang', { new: 'hang' })
      await until('it to hang', () => accepting() === 'hang')
      await through.proxy.stop()
      const refused = knock()
      await until('the refusal', () => refused.state() === 'reset')
    })

    test('hang: goes on when the process that keeps the address is killed, and ends as it should', async () => {
      put('hang', { new: 'hang' })
      await until('it to hang', () => accepting() === 'hang')
      const [keeper] = keepers()
      assert.ok(keeper)
      process.kill(keeper, 'SIGKILL')
      await until('another one', () => accepting() === 'hang' && keepers().some((pid) => pid !== keeper))
      const waiting = knock()
      await new Promise((resolve) => setTimeout(resolve, 50))
      assert.equal(waiting.socket.connecting, true)
      through.proxy.remove('hang')
      await until('it to listen', () => accepting() === 'open')
      await asksAndIsAnswered(await through.pair())
      await until('nobody to keep anything', () => keepers().length === 0)
    })

    test('stall: those that come are accepted, and served when it ends; with two of them, when both have ended', async () => {
      put('one', { new: 'stall' })
      put('other', { new: 'stall' })
      const caller = await through.call()
      caller.socket.end('hello')
      through.proxy.remove('one')
      await until('it to wait', () => (through.proxy.connections()[0]?.held.up ?? 0) > 0)
      const other = await through.pair()
      assert.equal(other.service.got().length, 0)
      other.caller.socket.write('hi')
      through.proxy.remove('other')
      await until('both', () => other.service.got().toString() === 'hi')
    })

    test('live stall: nothing passes and nothing is lost, ends and resets included', async () => {
      const [one, other] = [await through.pair(), await through.pair()]
      put('stall', { live: 'stall' })
      const fresh = await through.pair()
      await asksAndIsAnswered(fresh)
      one.caller.socket.end('hello')
      one.service.socket.write('hi')
      other.caller.socket.resetAndDestroy()
      await until('it to wait', () => through.proxy.connections()[0]?.held.up === 5 && through.proxy.connections()[0]?.held.down === 2)
      assert.deepEqual([one.service.state(), one.caller.got().length, other.service.state()], ['open', 0, 'open'])
      put('stall', { live: 'stall' })
      assert.equal(one.service.got().length, 0)
      through.proxy.remove('stall')
      await until('all of it', () => one.service.state() === 'ended' && one.caller.got().toString() === 'hi')
      assert.equal(one.service.got().toString(), 'hello')
      await until('the reset', () => other.service.state() === 'reset')
    })

    for (const how of ['reset', 'close'] as const) {
      const seen = how === 'reset' ? 'reset' : 'ended'
      test(`live ${how}: both sides of those that are there, once, and nobody else`, async () => {
        const pair = await through.pair()
        put('end', { live: how })
        await until('both', () => pair.caller.state() === seen && pair.service.state() === seen)
        const fresh = await through.pair()
        // Put again, as whoever holds it for longer does.
        put('end', { live: how })
        await asksAndIsAnswered(fresh)
        assert.equal(through.proxy.status().faults[0]?.acted.connections, 1)
      })

      test(`new ${how}: those that come, not those that are there, and none after it`, async () => {
        const pair = await through.pair()
        put('end', { new: how })
        const caller = knock()
        caller.socket.write('unread')
        await until('the end', () => caller.state() !== 'open')
        assert.equal(caller.state(), seen)
        await asksAndIsAnswered(pair)
        through.proxy.remove('end')
        await asksAndIsAnswered(await through.pair())
      })
    }

    test('the strongest of several wins, and the others come back as it goes', async () => {
      put('stall', { new: 'stall' })
      put('refuse', { new: 'refuse' })
      put('hang', { new: 'hang' })
      assert.equal(accepting(), 'refuse')
      through.proxy.remove('refuse')
      await until('the next one', () => accepting() === 'hang')
      through.proxy.remove('hang')
      await until('the next one', () => accepting() === 'open')
      const caller = await through.call()
      caller.socket.write('hello')
      await until('it to wait', () => (through.proxy.connections()[0]?.held.up ?? 0) > 0)
      through.proxy.remove('stall')
      await until('it to flow', () => through.proxy.connections()[0]?.held.up === 0)
    })
  })
