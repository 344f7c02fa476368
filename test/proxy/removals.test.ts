/** Faults that are taken away, or that end a connection, at the worst moment. */
import assert from 'node:assert/strict'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { StreamAct, StreamFault } from '../../src/proxy/fault.ts'
import { type Proxy, startProxy } from '../../src/proxy/proxy.ts'
import { until } from '../helpers/processes.ts'

const up = (id: string, act: StreamAct): StreamFault => ({ is: 'stream', id, direction: 'up', share: 1, act })

suite('faults taken away at the worst moment', () => {
  let service: Server
  let proxy: Proxy
  /** What the service has got, of each connection. */
  let got: { bytes: string; end: 'no' | 'end' | 'reset' }[]
  const sockets: Socket[] = []

  beforeEach(async () => {
    got = []
    service = createServer({ allowHalfOpen: true }, (socket) => {
      const one: (typeof got)[number] = { bytes: '', end: 'no' }
      got.push(one)
      sockets.push(socket)
      socket.on('data', (data: Buffer) => (one.bytes += data.toString('latin1')))
      socket.on('end', () => {
        one.end = 'end'
        socket.end()
      })
      socket.on('error', () => (one.end = 'reset'))
    })
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    const { port } = service.address() as { port: number }
    proxy = await startProxy({ name: 'test', listen: '127.0.0.1:0', upstream: `127.0.0.1:${port}`, carries: 'bytes' })
  })
  afterEach(async () => {
    await proxy.stop()
    for (const socket of sockets.splice(0)) socket.destroy()
    service.close()
  })

  async function call(): Promise<Socket> {
    const [host = '', port = ''] = proxy.listen.split(':')
    const socket = connect({ host, port: Number(port), allowHalfOpen: true }).on('error', () => {})
    sockets.push(socket)
    await new Promise((resolve) => socket.once('connect', resolve))
    await until('the service to be called', () => got.length > 0)
    return socket
  }

  test('what follows a cut in the same moment is not passed on, nor does anything fail', async () => {
    proxy.put(up('rate', { is: 'rate', bytesPerSecond: 100_000 }))
    proxy.put(up('cut', { is: 'cut', bytes: 1_000, by: 'reset' }))
    const caller = await call()
    caller.write('x'.repeat(100_000))
    await until('the reset', () => got[0]?.end === 'reset')
    assert.ok((got[0]?.bytes.length ?? 0) <= 1_000)
    await until('the connection to be over', () => proxy.status().connections.open === 0)
  })

  test('a cut that is taken away while its last bytes are on their way lets nothing follow them', async () => {
    const caller = await call()
    sockets.at(-2)?.pause()
    const size = 8 * 1024 * 1024
    proxy.put(up('cut', { is: 'cut', bytes: size, by: 'close' }))
    caller.write('x'.repeat(size))
    caller.write('y'.repeat(1_000))
    await until('all of it to be cut', () => (proxy.status().faults[0]?.acted.pieces ?? 0) > 0 || sockets.at(-2)?.resume() === undefined)
    proxy.remove('cut')
    caller.write('z'.repeat(1_000))
    for (const socket of sockets) socket.resume()
    await until('the end', () => got[0]?.end !== 'no')
    assert.deepEqual([got[0]?.bytes.length, got[0]?.end, /[yz]/.test(got[0]?.bytes ?? '')], [size, 'end', false])
  })

  test('an end that was dropped ends the connection when the fault is taken away', async () => {
    proxy.put(up('drop', { is: 'drop', closeAfter: 0 }))
    const caller = await call()
    caller.end()
    await until('the proxy to have heard of it', () => caller.writableFinished)
    proxy.put(up('more', { is: 'noop' }))
    await new Promise((resolve) => setTimeout(resolve, 30))
    assert.equal(got[0]?.end, 'no')
    proxy.remove('drop')
    await until('the end', () => got[0]?.end === 'end')
    await until('the connection to be over', () => proxy.status().connections.open === 0)
  })

  test('refusing begins and ends as it was told last, however quickly', async () => {
    const refuse = { is: 'connections', id: 'refuse', new: 'refuse' } as const
    const { listen } = proxy
    for (let round = 0; round < 5; round++) {
      proxy.put(refuse)
      proxy.remove('refuse')
    }
    proxy.put(refuse)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await assert.rejects(reached(), { code: 'ECONNREFUSED' })
    assert.equal(proxy.status().accepting, 'refuse')
    proxy.remove('refuse')
    proxy.put(refuse)
    proxy.remove('refuse')
    await until('it to listen', () => reached().then(() => true))
    assert.deepEqual([proxy.listen, proxy.status().accepting], [listen, 'open'])
  })

  test('a port that somebody takes while it is refused is listened at again as soon as it is free', async () => {
    const refuse = { is: 'connections', id: 'refuse', new: 'refuse' } as const
    proxy.put(refuse)
    await until('nobody to listen', () =>
      reached().then(
        () => false,
        () => true,
      ),
    )
    const thief = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => thief.listen(Number(proxy.listen.split(':')[1]), '127.0.0.1', resolve))
    proxy.remove('refuse')
    await new Promise((resolve) => setTimeout(resolve, 50))
    proxy.put(refuse)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await new Promise((resolve) => thief.close(resolve))
    await assert.rejects(reached(), { code: 'ECONNREFUSED' })
    proxy.remove('refuse')
    await until('it to listen', () => reached().then(() => true))
    assert.equal(proxy.status().accepting, 'open')
  })

  async function reached(): Promise<void> {
    const [host = '', port = ''] = proxy.listen.split(':')
    const socket = connect({ host, port: Number(port) })
    sockets.push(socket)
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  }
})
