/** What connections go through: without toxics, when the proxy changes, and where Toxiproxy's own ways are wrong. */
import { blackhole } from './blackhole.ts'
import { call } from './call.ts'
import { type FlowCase, numbered, quiet, soon, took } from './flow.ts'

export const plainFlow: readonly FlowCase[] = [
  {
    title: 'a megabyte each way comes as it went',
    async see({ pair }) {
      const { caller, service } = await pair()
      const data = numbered(1_000_000)
      caller.send(data)
      service.send(data)
      await took(service, data.length, 0)
      await took(caller, data.length, 0)
      return [service.got().equals(data), caller.got().equals(data)]
    },
    sees: [true, true],
  },
  {
    title: 'what is sent before the service is reached arrives',
    async see({ call: dial, pair }) {
      const { service } = await pair()
      const caller = await dial()
      caller.send('early')
      service.send('x')
      return soon(() => caller.socket.bytesWritten === 5)
    },
    sees: 'yes',
  },
  {
    title: 'the service ends: the caller sees a clean end',
    async see({ pair }) {
      const { caller, service } = await pair()
      service.send('bye')
      service.socket.end()
      await soon(() => caller.state() !== 'open')
      return [caller.got().toString(), caller.state()]
    },
    sees: ['bye', 'ended'],
  },
  {
    title: 'nobody listens at the upstream: accepted, then a clean end',
    async see({ api, call: dial }) {
      await api('POST /proxies/P', { upstream: '127.0.0.1:1' })
      const caller = await dial()
      await soon(() => caller.state() !== 'open')
      return caller.state()
    },
    sees: 'ended',
  },
  {
    title: 'disabled: connections end, new ones are refused; enabled: they pass again',
    async see({ api, pair, call: dial }) {
      const { caller, service } = await pair()
      await api('POST /proxies/P', { enabled: false })
      await soon(() => caller.state() !== 'open' && service.state() !== 'open')
      const while_ = await dial()
      const refused = while_.socket.connecting === false && while_.socket.destroyed
      await api('POST /proxies/P', { enabled: true })
      const again = await pair()
      again.caller.send('hello')
      return [caller.state(), service.state(), refused, await soon(() => again.service.got().toString() === 'hello')]
    },
    sees: ['ended', 'ended', true, 'yes'],
  },
  {
    title: 'deleted: connections end',
    async see({ api, pair }) {
      const { caller, service } = await pair()
      await api('DELETE /proxies/P')
      await soon(() => caller.state() !== 'open' && service.state() !== 'open')
      return [caller.state(), service.state()]
    },
    sees: ['ended', 'ended'],
  },
  {
    title: 'another upstream: connections end, new ones go there',
    async see({ api, pair, upstream }) {
      const { caller } = await pair()
      const status = await api('POST /proxies/P', { upstream: `localhost:${upstream}` })
      await soon(() => caller.state() !== 'open')
      const after = await pair()
      after.service.send('x')
      return [status, caller.state(), await soon(() => after.caller.got().length === 1)]
    },
    sees: [200, 'ended', 'yes'],
  },
  {
    title: 'a change that changes nothing leaves connections alone',
    async see({ api, pair, name, listen, upstream }) {
      const { caller, service } = await pair()
      await api('POST /proxies/P', { listen: `localhost:${listen}`, upstream: `127.0.0.1:${upstream}`, enabled: true })
      await api('POST /populate', [{ name, listen: `127.0.0.1:${listen}`, upstream: `127.0.0.1:${upstream}` }])
      service.send('x')
      return [await soon(() => caller.got().length === 1), caller.state()]
    },
    sees: ['yes', 'open'],
  },
  {
    title: 'the wildcard again, as clients send it',
    async see({ api, pair, listen }) {
      await api('POST /proxies/P', { listen: `0.0.0.0:${listen}` })
      const { caller } = await pair()
      const status = await api('POST /proxies/P', { listen: `0.0.0.0:${listen}`, enabled: true })
      return [status, await quiet(caller)]
    },
    sees: [200, 'ended'],
    ours: { deviation: 'wildcard-again', sees: [200, 'nothing'] },
  },
  {
    title: 'the caller has said all: the answer that comes later',
    async see({ pair }) {
      const { caller, service } = await pair()
      caller.socket.end('question')
      await soon(() => service.state() !== 'open')
      await quiet(caller, 50)
      service.socket.on('error', () => {})
      service.socket.end('answer')
      await soon(() => caller.state() !== 'open')
      return [service.got().toString(), caller.got().toString()]
    },
    sees: ['question', ''],
    ours: { deviation: 'half-close', sees: ['question', 'answer'] },
  },
  {
    title: 'a dial that hangs: whether the proxy can be changed meanwhile',
    ownServer: true,
    async see({ api, call: dial, name, subject }) {
      const hole = await blackhole()
      try {
        await api('POST /proxies/P', { upstream: hole.address })
        await dial()
        const change = call(subject.port, `POST /proxies/${name}`, { body: '{"enabled":false}', timeLimit: 1500 })
        return await change.then(
          ({ status }) => status,
          () => 'no answer',
        )
      } finally {
        hole.close()
      }
    },
    sees: 'no answer',
    ours: { deviation: 'control-never-waits', sees: 200 },
  },
]

const survives =
  (toxic: object): FlowCase['see'] =>
  async ({ api, pair, subject }) => {
    const status = await api('POST /proxies/P/toxics', toxic)
    const { service } = await pair()
    service.send(numbered(1000))
    await soon(() => subject.ended() !== null, subject.is === 'squall' ? 500 : 20_000)
    return [status, subject.ended() === null]
  }

export const deadlyValues: readonly FlowCase[] = [
  {
    title: 'the server under a negative rate',
    ownServer: true,
    see: survives({ type: 'bandwidth', attributes: { rate: -1 } }),
    sees: [200, false],
    ours: { deviation: 'wrong-values', sees: [400, true] },
  },
  {
    title: 'the server under slices of no size',
    ownServer: true,
    long: true,
    see: survives({ type: 'slicer', attributes: { average_size: 0 } }),
    sees: [200, false],
    ours: { deviation: 'wrong-values', sees: [400, true] },
  },
]
