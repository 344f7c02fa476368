/** What each toxic does to the bytes of a connection. */
import { call } from './call.ts'
import { about, type End, type FlowCase, numbered, quiet, soon, took } from './flow.ts'

const hundred = numbered(100_000)

/** Sends a byte and says how long it took. */
async function delayOf(from: End, to: End): Promise<number> {
  const [started, before] = [performance.now(), to.got().length]
  from.send('x')
  return took(to, before + 1, started)
}

const latency: readonly FlowCase[] = [
  {
    title: 'latency downstream: answers are late, questions are not',
    toxics: [{ type: 'latency', attributes: { latency: 150 } }],
    async see({ pair }) {
      const { caller, service } = await pair()
      return [about(0, await delayOf(caller, service)), about(150, await delayOf(service, caller))]
    },
    sees: ['about 0 ms', 'about 150 ms'],
  },
  {
    title: 'latency upstream: questions are late, answers are not',
    toxics: [{ type: 'latency', stream: 'upstream', attributes: { latency: 150 } }],
    async see({ pair }) {
      const { caller, service } = await pair()
      return [about(150, await delayOf(caller, service)), about(0, await delayOf(service, caller))]
    },
    sees: ['about 150 ms', 'about 0 ms'],
  },
  {
    title: 'jitter stays within its bounds and keeps the order',
    toxics: [{ type: 'latency', attributes: { latency: 60, jitter: 40 } }],
    async see({ pair }) {
      const { caller, service } = await pair()
      const delays: number[] = []
      for (let at = 0; at < 5; at++) delays.push(await delayOf(service, caller))
      service.send(hundred)
      await took(caller, 5 + hundred.length, 0)
      return [delays.every((ms) => ms > 15 && ms < 400), caller.got().subarray(5).equals(hundred)]
    },
    sees: [true, true],
  },
  {
    title: 'two latencies add up',
    toxics: [
      { name: 'one', type: 'latency', attributes: { latency: 80 } },
      { name: 'two', type: 'latency', attributes: { latency: 80 } },
    ],
    async see({ pair }) {
      const { caller, service } = await pair()
      return about(160, await delayOf(service, caller))
    },
    sees: 'about 160 ms',
  },
  {
    title: 'latency does not make the connection narrow',
    toxics: [{ type: 'latency', attributes: { latency: 100 } }],
    async see({ pair }) {
      const { caller, service } = await pair()
      const started = performance.now()
      for (let at = 0; at < 10; at++) {
        service.send(hundred)
        await quiet(service, 5)
      }
      return about(150, await took(caller, 10 * hundred.length, started))
    },
    sees: 'about 150 ms',
  },
  {
    title: 'a negative latency is none',
    toxics: [{ type: 'latency', attributes: { latency: -500 } }],
    async see({ pair }) {
      const { caller, service } = await pair()
      return about(0, await delayOf(service, caller))
    },
    sees: 'about 0 ms',
  },
  {
    title: 'latency removed: what waits comes at once',
    toxics: [{ name: 't', type: 'latency', attributes: { latency: 60_000 } }],
    async see({ pair, api }) {
      const { caller, service } = await pair()
      service.send('a')
      await quiet(caller, 30)
      service.send('b')
      const before = await quiet(caller, 30)
      await api('DELETE /proxies/P/toxics/t')
      return [before, await soon(() => caller.got().toString() === 'ab'), about(0, await delayOf(service, caller))]
    },
    sees: ['nothing', 'yes', 'about 0 ms'],
  },
  {
    title: 'latency added and changed on a connection that lives',
    async see({ pair, add, api }) {
      const { caller, service } = await pair()
      const without = await delayOf(service, caller)
      await add({ name: 't', type: 'latency', attributes: { latency: 60_000 } })
      service.send('x')
      const held = await quiet(caller, 100)
      await api('PATCH /proxies/P/toxics/t', { attributes: { latency: 100 } })
      const flows = await soon(() => caller.got().length === 2)
      return [about(0, without), held, flows, about(100, await delayOf(service, caller))]
    },
    sees: ['about 0 ms', 'nothing', 'yes', 'about 100 ms'],
  },
]

const bandwidth: readonly FlowCase[] = [
  {
    title: 'bandwidth: KB are 1000 bytes',
    toxics: [{ type: 'bandwidth', attributes: { rate: 400 } }],
    async see({ pair }) {
      const { caller, service } = await pair()
      const started = performance.now()
      service.send(hundred)
      const ms = await took(caller, hundred.length, started)
      return [about(250, ms), caller.got().equals(hundred)]
    },
    sees: ['about 250 ms', true],
  },
  {
    title: 'removed while the receiver reads nothing for a while: the answer, and what it held',
    long: true,
    ownServer: true,
    toxics: [{ name: 't', type: 'latency', attributes: { latency: 600_000 } }],
    async see({ pair, name, subject }) {
      const { caller, service } = await pair()
      const data = numbered(12_000_000)
      caller.socket.pause()
      service.send(data)
      service.socket.end()
      await quiet(service, 1500)
      const removed = call(subject.port, `DELETE /proxies/${name}/toxics/t`, { timeLimit: 2000 }).then(
        ({ status }) => status,
        () => 'no answer',
      )
      await quiet(service, 7000)
      caller.socket.resume()
      await soon(() => caller.state() !== 'open', 10_000)
      return [await removed, caller.got().equals(data) ? 'whole' : 'damaged']
    },
    sees: ['no answer', 'damaged'],
    ours: { deviation: 'held-is-kept', sees: [204, 'whole'] },
  },
  {
    title: 'bandwidth 0 holds everything and loses nothing',
    toxics: [{ name: 't', type: 'bandwidth', stream: 'upstream', attributes: { rate: 0 } }],
    async see({ pair, api }) {
      const { caller, service } = await pair()
      caller.send(hundred)
      const held = await quiet(service)
      await api('DELETE /proxies/P/toxics/t')
      await took(service, hundred.length, 0)
      return [held, service.got().equals(hundred), service.state()]
    },
    sees: ['nothing', true, 'open'],
  },
  {
    title: 'bandwidth changed on a connection that lives',
    toxics: [{ name: 't', type: 'bandwidth', attributes: { rate: 0 } }],
    async see({ pair, api }) {
      const { caller, service } = await pair()
      service.send(hundred)
      const held = await quiet(caller, 100)
      await api('PATCH /proxies/P/toxics/t', { attributes: { rate: 100_000 } })
      await took(caller, hundred.length, 0)
      return [held, caller.got().equals(hundred)]
    },
    sees: ['nothing', true],
  },
]

const ends: readonly FlowCase[] = [
  {
    title: 'slow_close: data at once, the end later',
    toxics: [{ type: 'slow_close', attributes: { delay: 200 } }],
    async see({ pair }) {
      const { caller, service } = await pair()
      const started = performance.now()
      service.socket.end('bye')
      const data = await took(caller, 3, started)
      await soon(() => caller.state() !== 'open')
      return [about(0, data), caller.state(), about(200, caller.endedAt() - started)]
    },
    sees: ['about 0 ms', 'ended', 'about 200 ms'],
  },
  {
    title: 'timeout: data vanishes, the connection closes when it is over',
    toxics: [{ type: 'timeout', attributes: { timeout: 200 } }],
    async see({ pair }) {
      const { caller, service } = await pair()
      const started = performance.now()
      service.send('x')
      await soon(() => caller.state() !== 'open')
      return [caller.got().length, caller.state(), about(200, caller.endedAt() - started)]
    },
    sees: [0, 'ended', 'about 200 ms'],
  },
  {
    title: 'timeout: an idle connection closes too, and each piece of data begins the time anew',
    toxics: [{ type: 'timeout', attributes: { timeout: 200 } }],
    async see({ pair }) {
      const started = performance.now()
      const [idle, busy] = [await pair(), await pair()]
      const chatter = setInterval(() => busy.service.send('x'), 50)
      await soon(() => idle.caller.state() !== 'open')
      const idleTook = idle.caller.endedAt() - started
      await quiet(busy.caller, 250)
      const meanwhile = busy.caller.state()
      clearInterval(chatter)
      await soon(() => busy.caller.state() !== 'open')
      return [about(200, idleTook), meanwhile, busy.caller.state()]
    },
    sees: ['about 200 ms', 'open', 'ended'],
  },
  {
    title: 'timeout 0 never closes; taking it away does',
    toxics: [{ name: 't', type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } }],
    async see({ pair, api }) {
      const { caller, service } = await pair()
      caller.send('x')
      const meanwhile = [await quiet(service, 300), caller.state()]
      await api('DELETE /proxies/P/toxics/t')
      await soon(() => caller.state() !== 'open' && service.state() !== 'open')
      return [...meanwhile, service.got().length, caller.state(), service.state()]
    },
    sees: ['nothing', 'open', 0, 'ended', 'ended'],
  },
  {
    title: 'reset takes a timeout away just so',
    toxics: [{ type: 'timeout', attributes: { timeout: 0 } }],
    ownServer: true,
    async see({ pair, api }) {
      const { caller, service } = await pair()
      service.send('x')
      await quiet(caller, 50)
      await api('POST /reset')
      await soon(() => caller.state() !== 'open')
      return [caller.got().length, caller.state()]
    },
    sees: [0, 'ended'],
  },
  {
    title: 'timeout 0: an end is no data, and closes the connection',
    toxics: [{ type: 'timeout', attributes: { timeout: 0 } }],
    async see({ pair }) {
      const { caller, service } = await pair()
      service.socket.end()
      await soon(() => caller.state() !== 'open' && service.state() !== 'open')
      return [caller.state(), service.state()]
    },
    sees: ['ended', 'ended'],
  },
  {
    title: 'a timeout taken away: connections that have lost nothing',
    toxics: [
      { name: 'none', type: 'timeout', toxicity: 0, attributes: { timeout: 0 } },
      { name: 'idle', type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } },
    ],
    async see({ pair, api }) {
      const [first, second] = [await pair(), await pair()]
      first.service.send('x')
      await took(first.caller, 1, 0)
      await api('DELETE /proxies/P/toxics/none')
      const leftOut = await quiet(first.caller, 100)
      await api('DELETE /proxies/P/toxics/idle')
      return [leftOut, await quiet(second.caller, 100)]
    },
    sees: ['ended', 'ended'],
    ours: { deviation: 'timeout-spares-whole', sees: ['nothing', 'nothing'] },
  },
  {
    title: 'reset_peer: the kernel says reset, to both sides, at the first data; an idle connection stays',
    toxics: [{ type: 'reset_peer', stream: 'upstream', attributes: { timeout: 0 } }],
    async see({ pair }) {
      const [idle, busy] = [await pair(), await pair()]
      busy.caller.send('x')
      await soon(() => busy.caller.state() !== 'open' && busy.service.state() !== 'open')
      return [busy.caller.state(), busy.service.state(), busy.service.got().length, await quiet(idle.caller)]
    },
    sees: ['reset', 'reset', 0, 'nothing'],
  },
  {
    title: 'reset_peer later',
    toxics: [{ type: 'reset_peer', attributes: { timeout: 200 } }],
    async see({ pair }) {
      const { caller, service } = await pair()
      const started = performance.now()
      service.send('x')
      await soon(() => caller.state() !== 'open')
      return [caller.state(), about(200, caller.endedAt() - started)]
    },
    sees: ['reset', 'about 200 ms'],
  },
  {
    title: 'reset_peer on a connection that was there before',
    async see({ pair, add }) {
      const { caller, service } = await pair()
      await add({ type: 'reset_peer', attributes: { timeout: 0 } })
      service.send('x')
      await soon(() => caller.state() !== 'open')
      return caller.state()
    },
    sees: 'ended',
    ours: { deviation: 'reset-live', sees: 'reset' },
  },
]

const pieces: readonly FlowCase[] = [
  {
    title: 'slicer: pieces of about that size, with a pause after each',
    toxics: [{ type: 'slicer', attributes: { average_size: 1000, size_variation: 100, delay: 3000 } }],
    async see({ pair }) {
      const { caller, service } = await pair()
      const data = numbered(20_000)
      service.send(data)
      await took(caller, data.length, 0)
      const count = caller.reads.length
      return [caller.got().equals(data), count >= 12 && count <= 40 ? 'about 20 pieces' : `${count} pieces`]
    },
    sees: [true, 'about 20 pieces'],
  },
  {
    title: 'limit_data: exactly so many bytes of each connection, then the end',
    toxics: [{ name: 't', type: 'limit_data', attributes: { bytes: 1234 } }],
    async see({ pair, api }) {
      const [first, second] = [await pair(), await pair()]
      first.service.send(numbered(5000))
      second.service.send(numbered(1000))
      await took(second.caller, 1000, 0)
      await soon(() => first.caller.state() !== 'open')
      const meanwhile = second.caller.state()
      // What has passed still counts after a change.
      await api('PATCH /proxies/P/toxics/t', { attributes: { bytes: 1500 } })
      second.service.send(numbered(1000))
      await soon(() => second.caller.state() !== 'open')
      return [first.caller.got().length, first.caller.state(), meanwhile, second.caller.got().length, second.caller.state()]
    },
    sees: [1234, 'ended', 'open', 1500, 'ended'],
  },
  {
    title: 'limit_data 0: the end at the first data, not before',
    toxics: [{ type: 'limit_data', attributes: { bytes: 0 } }],
    async see({ pair }) {
      const { caller, service } = await pair()
      const before = await quiet(caller, 100)
      service.send('x')
      await soon(() => caller.state() !== 'open')
      return [before, caller.got().length, caller.state()]
    },
    sees: ['nothing', 0, 'ended'],
  },
  {
    title: 'noop does nothing',
    toxics: [{ type: 'noop' }, { type: 'noop', stream: 'upstream' }],
    async see({ pair }) {
      const { caller, service } = await pair()
      service.send(hundred)
      await took(caller, hundred.length, 0)
      return caller.got().equals(hundred)
    },
    sees: true,
  },
]

const shares: readonly FlowCase[] = [
  ...[0, 1, -1, 7].map(
    (toxicity): FlowCase => ({
      title: `toxicity ${toxicity}`,
      toxics: [{ type: 'limit_data', toxicity, attributes: { bytes: 0 } }],
      async see({ pair }) {
        const states: string[] = []
        for (let at = 0; at < 3; at++) {
          const { caller, service } = await pair()
          service.send('x')
          await soon(() => caller.got().length > 0 || caller.state() !== 'open')
          states.push(caller.state())
        }
        return [...new Set(states)]
      },
      sees: [toxicity >= 1 ? 'ended' : 'open'],
    }),
  ),
  {
    title: 'who is drawn, when the toxic beside it changes',
    toxics: [{ name: 't', type: 'latency', toxicity: 0.5, attributes: { latency: 200 } }],
    async see({ call: dial, arrived, add }) {
      const callers = await Promise.all(Array.from({ length: 24 }, dial))
      await soon(() => arrived.length === callers.length)
      const drawn = async (): Promise<boolean[]> => {
        const [started, before] = [performance.now(), callers.map((end) => end.got().length)]
        for (const end of arrived) end.send('x')
        return Promise.all(callers.map(async (end, at) => (await took(end, (before[at] as number) + 1, started)) > 100))
      }
      const first = await drawn()
      await add({ name: 'beside', type: 'noop' })
      const second = await drawn()
      return first.every((one, at) => one === second[at]) ? 'the same' : 'others'
    },
    sees: 'others',
    ours: { deviation: 'drawn-once', sees: 'the same' },
  },
  {
    title: 'toxicity 0.5: some connections and not others',
    toxics: [{ type: 'limit_data', stream: 'upstream', toxicity: 0.5, attributes: { bytes: 0 } }],
    async see({ call: dial, arrived }) {
      const callers = await Promise.all(Array.from({ length: 30 }, dial))
      for (const caller of callers) caller.send('x')
      const passed = (): number => arrived.filter((end) => end.got().length > 0).length
      const closed = (): number => callers.filter((end) => end.state() !== 'open').length
      await soon(() => passed() + closed() === callers.length)
      return [passed() + closed(), passed() > 0, closed() > 0]
    },
    sees: [30, true, true],
  },
  {
    title: 'toxics act in the order in which they were added',
    toxics: [
      { name: 'cut', type: 'limit_data', attributes: { bytes: 10 } },
      { name: 'late', type: 'latency', attributes: { latency: 100 } },
    ],
    async see({ pair }) {
      const { caller, service } = await pair()
      const started = performance.now()
      service.send(numbered(100))
      await soon(() => caller.state() !== 'open')
      return [caller.got().length, about(100, caller.endedAt() - started)]
    },
    sees: [10, 'about 100 ms'],
  },
  {
    title: 'toxics stay when the proxy is disabled and enabled',
    toxics: [{ type: 'latency', attributes: { latency: 100 } }],
    async see({ pair, api }) {
      await api('POST /proxies/P', { enabled: false })
      await api('POST /proxies/P', { enabled: true })
      const { caller, service } = await pair()
      return about(100, await delayOf(service, caller))
    },
    sees: 'about 100 ms',
  },
]

export const toxicFlow: Record<string, readonly FlowCase[]> = { latency, bandwidth, ends, pieces, shares }
