/** At its limit of descriptors the proxy accepts nobody, instead of accepting callers only to drop them. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { until } from '../../helpers/processes.ts'
import { dial } from '../../proxy/through.ts'
import { type ProxyProcess, startProxyProcess } from './start.ts'

suite('a proxy at the limit of descriptors', () => {
  const folder = mkdtempSync(join(tmpdir(), 'squall-proxy-'))
  after(() => rmSync(folder, { recursive: true }))

  for (const [most, listen] of [
    [256, '127.0.0.1:0'],
    [96, '127.0.0.1:0'],
    [256, join(folder, 'in')],
  ] as const) {
    test(`of ${most}, at ${listen.startsWith('/') ? 'a Unix socket' : 'a port'}, serves a part of 300 callers who come at once, the rest as those go, and loses none`, async () => {
      const service = createServer((socket) => void socket.on('error', () => {}).pipe(socket))
      await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
      const { port } = service.address() as { port: number }
      const proxy = await startProxyProcess(`127.0.0.1:${port}`, 'bytes', listen, most)
      const callers = crowd(proxy, 300)
      try {
        await until('it to pause', async () => (await proxy.status()).accepting === 'paused')
        let answered = 0
        while (answered < 300) {
          await until(`more than ${answered} to be answered`, () => callers.answered() > answered)
          assert.ok(proxy.descriptors() < most)
          answered = callers.answered()
          callers.letGo()
        }
        assert.deepEqual(callers.lost(), [])
        await until('it to be open again', async () => (await proxy.status()).accepting === 'open')
        const { connections } = await proxy.status()
        assert.deepEqual([connections.accepted, connections.failedUpstream], [300, 0])
      } finally {
        callers.end()
        await proxy.end()
        service.close()
      }
    })
  }
})

/** Callers who ask at once, and stay until they are let go. */
function crowd(proxy: ProxyProcess, count: number): { answered(): number; letGo(): void; lost(): string[]; end(): void } {
  const happy = new Set<Socket>()
  const lost: string[] = []
  const all = Array.from({ length: count }, () => {
    const socket = dial(proxy.listen)
    socket.write('?')
    socket.on('data', () => happy.add(socket))
    socket.on('error', (error) => lost.push(error.message))
    socket.on('end', () => void (happy.has(socket) || lost.push('ended')))
    return socket
  })
  return {
    answered: () => happy.size,
    letGo() {
      for (const socket of happy) socket.end()
    },
    lost: () => lost,
    end() {
      for (const socket of all) socket.destroy()
    },
  }
}
