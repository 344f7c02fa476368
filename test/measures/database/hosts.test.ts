import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as z from 'zod/mini'
import { hostsField, readHost } from '../../../src/measures/database/hosts.ts'
import { countPrimaries } from '../../../src/measures/database/roles.ts'

const problemOf = (hosts: unknown): string | undefined => z.safeParse(hostsField, hosts).error?.issues[0]?.message

describe('the hosts of a database', () => {
  it('are read with and without a port, by name and by address', () => {
    for (const [text, host, port] of [
      ['db1:5433', 'db1', 5433],
      ['db1.shop_net', 'db1.shop_net', 5432],
      ['10.0.0.7:1', '10.0.0.7', 1],
      ['[::1]:5433', '::1', 5433],
    ] as const) {
      assert.equal(problemOf([text]), undefined, text)
      assert.deepEqual(readHost(text, 5432), { name: text, host, port })
    }
  })

  it('are refused when they are something else', () => {
    for (const wrong of ['postgres://db1', 'db1:', 'db1:99999', 'a b', '-h', '::1:5432', 'db1/orders'])
      assert.match(problemOf([wrong]) ?? '', /expected a host with its port/, wrong)
    assert.match(problemOf(['a', 'b', 'a']) ?? '', /names a host twice/)
    assert.match(problemOf([]) ?? '', /at least one host/)
    assert.match(problemOf('a:1') ?? '', /expected a list such as/)
  })
})

describe('how many are primary', () => {
  const host = readHost('h:1', 1)
  const said = (...kinds: ('primary' | 'standby' | 'down' | 'silent' | 'unclear')[]) =>
    countPrimaries(kinds.map((is) => (is === 'primary' || is === 'standby' ? { host, is, facts: null } : { host, is, why: `is ${is}` })))

  it('is counted as far as the hosts tell, or their absence does', () => {
    assert.deepEqual(said('primary', 'standby'), { value: 1 })
    assert.deepEqual(said('primary', 'primary', 'down'), { value: 2 })
    assert.deepEqual(said('down', 'down'), { value: 0 })
    assert.deepEqual(said('standby', 'silent'), { value: 0 })
    assert.deepEqual(said('primary', 'silent'), { value: 1 })
  })

  it('is missing when it could be our own network, or a host hides its role', () => {
    assert.deepEqual(said('silent', 'silent'), { missing: 'h:1 is silent; h:1 is silent' })
    assert.deepEqual(said('down', 'silent'), { missing: 'h:1 is down; h:1 is silent' })
    assert.deepEqual(said('primary', 'unclear'), { missing: 'h:1 is unclear' })
  })
})
