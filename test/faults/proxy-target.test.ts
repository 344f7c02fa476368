import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProxySpec, TargetSpec } from '../../src/document/experiment.ts'
import { resolveTargets } from '../../src/faults/resolve.ts'

const proxies: ProxySpec[] = [
  { name: 'payments', carries: 'http', listen: '127.0.0.1:9001', upstream: 'http://127.0.0.1:8081' },
  { name: 'redis', carries: 'bytes', toxiproxy: 'http://127.0.0.1:8474', remote: 'redis_master' },
]
const at = (name: string, narrowing = {}): TargetSpec => ({ place: 'proxy', query: { name }, pick: { count: 1 }, narrowing })
const options = { random: () => 0, protect: [], proxies }

test('a declared proxy is found by its name, though nothing runs', async () => {
  const [target] = await resolveTargets(at('payments', { match: { path: '/charge' } }), options)
  assert.deepEqual(
    { place: target?.place, id: target?.id, name: target?.name },
    { place: 'proxy', id: '127.0.0.1:9001', name: 'the proxy payments' },
  )
  assert.deepEqual(target?.facts.proxy, proxies[0])
  assert.match(String(target?.facts.socket), /^\/.{10,100}$/)
  assert.deepEqual(target?.facts.narrowing, { match: { path: '/charge' } })
})

test('one of a Toxiproxy server has no control socket', async () => {
  const [target] = await resolveTargets(at('redis'), options)
  assert.equal(target?.id, 'http://127.0.0.1:8474 redis_master')
  assert.equal(target?.facts.socket, undefined)
})

test('one that is not declared is no target', async () => {
  await assert.rejects(resolveTargets(at('orders'), options), { code: 'no-target' })
  await assert.rejects(resolveTargets(at('orders'), { random: () => 0, protect: [] }), { code: 'no-target' })
})
