import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { suite, test } from 'node:test'
import { parseAddress } from '../../src/proxy/address.ts'
import { startProxy } from '../../src/proxy/proxy.ts'

suite('where a proxy listens and leads', () => {
  test('is read from text', () => {
    assert.deepEqual(parseAddress('127.0.0.1:80'), { host: '127.0.0.1', port: 80 })
    assert.deepEqual(parseAddress('[::1]:80'), { host: '::1', port: 80 })
    assert.deepEqual(parseAddress(':0'), { host: null, port: 0 })
    assert.deepEqual(parseAddress('/run/x.sock'), { path: '/run/x.sock' })
    assert.deepEqual(parseAddress('unix:/run/x.sock'), { path: '/run/x.sock' })
    assert.deepEqual(parseAddress('http://shop/'), { host: 'shop', port: 80 })
    for (const wrong of ['', 'shop', 'shop:99999', 'shop:-1', 'a:b:1']) assert.throws(() => parseAddress(wrong), /^Error: address /, wrong)
  })

  test('is told as the system has it', async () => {
    for (const [listen, real] of [
      ['localhost:0', /^127\.0\.0\.1:\d+$/],
      ['127.0.0.1:0', /^127\.0\.0\.1:\d+$/],
      [':0', /^(\[::\]|0\.0\.0\.0):\d+$/],
    ] as const) {
      const proxy = await startProxy({ name: 'test', listen, upstream: '127.0.0.1:1', carries: 'bytes' })
      assert.match(proxy.listen, real)
      await proxy.stop()
    }
  })

  test('on all interfaces is reached by both families', async (t) => {
    const proxy = await startProxy({ name: 'test', listen: ':0', upstream: '127.0.0.1:1', carries: 'bytes' })
    const port = Number(proxy.listen.split(':').at(-1))
    for (const host of proxy.listen.startsWith('[') ? ['127.0.0.1', '::1'] : ['127.0.0.1']) {
      const socket = connect({ host, port })
      const reached = await new Promise((resolve) => socket.once('connect', () => resolve('yes')).once('error', (error) => resolve(error)))
      socket.destroy()
      if (host === '::1' && (reached as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL') t.diagnostic('this machine has no IPv6')
      else assert.equal(reached, 'yes', host)
    }
    await proxy.stop()
  })

  test('that is taken is refused in the words of the system', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const started = startProxy({ name: 'test', listen: `127.0.0.1:${port}`, upstream: '127.0.0.1:1', carries: 'bytes' })
    await assert.rejects(started, { code: 'EADDRINUSE' })
    server.close()
  })
})
