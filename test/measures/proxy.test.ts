/** What a proxy of ours counts, read as a source: the difference from one reading to the next. */
import assert from 'node:assert/strict'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { ProxySpec } from '../../src/document/experiment.ts'
import { type MeasuredProxy, proxySource } from '../../src/measures/proxy.ts'
import type { Reading, SourceContext } from '../../src/measures/source.ts'
import { proxySocket } from '../../src/proxy/life/place.ts'
import { until } from '../helpers/processes.ts'
import { dial, isAlive, proxyStage, type Stage } from '../proxy/life/support.ts'

let stage: Stage
let service: ReturnType<typeof createServer>
before(async () => {
  stage = await proxyStage()
  service = createServer((request, response) => {
    response.statusCode = request.url === '/bad' ? 500 : 200
    response.end('{}')
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  await stage.end()
  service.close()
  service.closeAllConnections()
})

interface Measured {
  config: MeasuredProxy
  pid: number
  listen: string
  read(query: string): Promise<Reading>
}

async function measured(carries: 'http' | 'bytes'): Promise<Measured> {
  const upstream = `127.0.0.1:${(service.address() as AddressInfo).port}`
  const task = await stage.task({ upstream, carries })
  const { lease } = await stage.open(task)
  lease.close()
  const proxy: ProxySpec = { name: 'payments', carries, listen: task.listen, upstream }
  const config = { proxy, socket: proxySocket(task.listen, stage.state) }
  const context = { signal: new AbortController().signal, log: () => {} } as unknown as SourceContext
  assert.deepEqual((await proxySource.check(config, 'throughput', context)).problems, [])
  // Each question stands for a second of its own.
  const read = async (query: string) => (await proxySource.now?.(config, query, { ...context, tick: {} })) as Reading
  if (carries === 'http') assert.deepEqual(await read('throughput'), { missing: 'the proxy has just begun to count' })
  return { config, pid: lease.hello.pid, listen: task.listen, read }
}

async function call(listen: string, path: string): Promise<void> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`http://${listen}${path}`, { agent: false }, resolve).once('error', reject)
  })
  answer.resume()
  await new Promise((resolve) => answer.once('end', resolve))
}

test('calls: how many arrived, which were bad, how long they took', async () => {
  const { listen, read } = await measured('http')
  const calls = async (...paths: string[]) => void (await Promise.all(paths.map((path) => call(listen, path))))
  await calls('/a', '/b', '/bad')
  const rate = await read('throughput')
  assert.ok('value' in rate && rate.value > 0 && rate.over !== undefined, JSON.stringify(rate))
  assert.ok(Math.abs(rate.value * (rate.over / 1000) - 3) < 0.01, 'three calls')
  await calls('/a', '/bad', '/c', '/d')
  const { over: _, ...errors } = await read('error_rate')
  assert.deepEqual(errors, { bad: 1, total: 4 })
  await calls('/a')
  const latency = await read('latency_p99')
  assert.ok('buckets' in latency)
  assert.deepEqual(latency.buckets.at(-1), [Number.POSITIVE_INFINITY, 1])
})

test('a second without calls has a throughput of 0, and neither errors nor latency', async () => {
  const { read } = await measured('http')
  const { over: _, ...none } = await read('throughput')
  assert.deepEqual(none, { value: 0 })
  for (const query of ['error_rate', 'latency_p50']) {
    const { over: __, ...missing } = await read(query)
    assert.deepEqual(missing, { missing: 'no call ended in this time' })
  }
})

test('connections are counted of bytes too, and nothing else is', async () => {
  const { listen, read } = await measured('bytes')
  const caller = await dial(listen)
  await until('the connection', async () => ((await read('connections')) as { value: number }).value === 1)
  assert.match(((await read('throughput')) as { missing: string }).missing, /passes on bytes/)
  caller.destroy()
})

test('a proxy that is gone, or was started anew, leaves a gap and no wrong number', async () => {
  const { pid, listen, config, read } = await measured('http')
  await call(listen, '/a')
  process.kill(pid, 'SIGKILL')
  await until('the proxy to be gone', () => !isAlive(pid))
  await assert.rejects(read('throughput'), /the proxy has ended|no proxy answers/)
  const { upstream } = config.proxy as { upstream: string }
  const { lease } = await stage.open(await stage.task({ listen, upstream, carries: 'http' }))
  lease.close()
  await call(listen, '/a')
  assert.deepEqual(await read('throughput'), { missing: 'the proxy has just begun to count' })
})
