import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { suite, test } from 'node:test'
import { guard } from '../../../src/proxy/toxiproxy/guard.ts'

suite('who may call the API', () => {
  const allowed = (bound: string, host: string, names: string[] = []): boolean => guard(bound, names).refusal(host, undefined) === null

  test('at loopback: by its addresses and names, and by names that were allowed', () => {
    for (const host of ['localhost:8474', '127.0.0.1:8474', '127.9.9.9', '[::1]:8474', 'LOCALHOST.', hostname()])
      assert.ok(allowed('127.0.0.1', host), host)
    for (const host of ['evil.example:8474', 'localhost.evil.example', '127.0.0.1.evil.example', 'toxiproxy:8474', '192.0.2.1'])
      assert.ok(!allowed('127.0.0.1', host), host)
    assert.ok(allowed('127.0.0.1', 'Toxi.Test:8474', ['toxi.test']))
  })

  test('at all interfaces: by address and by names that no page of the internet can have', () => {
    for (const host of [
      '192.0.2.1:8474',
      '[2001:db8::1]:8474',
      'toxiproxy:8474',
      'my_proxy',
      'host.docker.internal',
      'toxi.dev.svc.cluster.local',
    ])
      assert.ok(allowed('0.0.0.0', host), host)
    for (const host of ['evil.example', 'toxiproxy.evil.example:8474', 'svc.evil.example', '']) assert.ok(!allowed('::', host), host)
  })

  test('a refusal says what to do', () =>
    assert.equal(
      guard('127.0.0.1', []).refusal('toxi.test:1', undefined),
      'host toxi.test is not allowed: start the server with --allow-host toxi.test',
    ))

  test('a call from a page of another site is refused, one without Host is none from a browser', () => {
    const gate = guard('127.0.0.1', [])
    for (const origin of ['https://evil.example', 'null', 'http://localhost:3000'])
      assert.equal(gate.refusal('localhost:8474', origin), 'calls from web pages are not allowed', origin)
    assert.equal(gate.refusal('localhost:8474', 'http://localhost:8474'), null)
    assert.equal(gate.refusal(undefined, undefined), null)
  })
})
