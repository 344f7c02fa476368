import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { dialled, listenFailure, resolveListen, sameListener } from '../../../src/proxy/toxiproxy/listen-address.ts'
import { monotonicMs } from '../../../src/system/clock.ts'

const resolve = (listen: string): ReturnType<typeof resolveListen> => resolveListen(listen, monotonicMs() + 5_000)

suite('where a proxy listens', () => {
  const texts: Record<string, string> = {
    '127.0.0.1:80': '127.0.0.1:80',
    'localhost:80': '127.0.0.1:80',
    '127.0.0.1:': '127.0.0.1:0',
    '127.0.0.1:+80': '127.0.0.1:80',
    '127.0.0.1:0080': '127.0.0.1:80',
    '127.0.0.1:HTTP': '127.0.0.1:80',
    '[127.0.0.1]:80': '127.0.0.1:80',
    '[::ffff:127.0.0.1]:80': '127.0.0.1:80',
    '[::1]:80': '[::1]:80',
    '': ':0',
    ':80': ':80',
    '[]:80': ':80',
    '0.0.0.0:80': '0.0.0.0:80',
  }
  for (const [listen, text] of Object.entries(texts))
    test(`${listen} is ${text}`, async () => assert.equal((await resolve(listen)).text, text))

  const wrong: Record<string, string> = {
    junk: 'address junk: missing port in address',
    '::1:80': 'address ::1:80: too many colons in address',
    '[::1:80': "address [::1:80: missing ']' in address",
    '[::1]80': 'address [::1]80: missing port in address',
    ']:1': "address ]:1: unexpected ']' in address",
    '127.0.0.1:99999': 'address 99999: invalid port',
    '127.0.0.1:-1': 'address -1: invalid port',
    '127.0.0.1:abc': 'lookup tcp/abc: unknown port',
    '127.0.0.1:80 ': 'lookup tcp/80 : unknown port',
    '127.1:80': 'lookup 127.1: no such host',
    '2130706433:80': 'lookup 2130706433: no such host',
    'a b:1': 'lookup a b: no such host',
    '*:1': 'lookup *: no such host',
  }
  for (const [listen, message] of Object.entries(wrong)) test(`${listen} is refused`, () => assert.rejects(resolve(listen), { message }))

  test('a name that is not resolved in time is given up', () =>
    assert.rejects(resolveListen('my.localhost:80', monotonicMs() - 1), { message: 'lookup my.localhost: i/o timeout' }))

  test('all ways to write the wildcard are one listener', async () => {
    const [one, ...others] = await Promise.all([':80', '0.0.0.0:80', '[::]:80', '[0:0:0:0:0:0:0:0]:80'].map(resolve))
    for (const other of others) assert.ok(one && sameListener(one, other), other.text)
    assert.ok(one && !sameListener(one, await resolve('127.0.0.1:80')))
    assert.ok(one && !sameListener(one, await resolve(':81')))
  })

  test('what the system says is told in the words of Go', async () => {
    const address = await resolve('127.0.0.1:80')
    const failure = (code: string): string => listenFailure(address, Object.assign(new Error('x'), { code }))
    assert.equal(failure('EADDRINUSE'), 'listen tcp 127.0.0.1:80: bind: address already in use')
    assert.equal(failure('EADDRNOTAVAIL'), 'listen tcp 127.0.0.1:80: bind: cannot assign requested address')
    assert.equal(failure('EACCES'), 'listen tcp 127.0.0.1:80: bind: permission denied')
    assert.equal(failure('EMFILE'), 'listen tcp 127.0.0.1:80: socket: too many open files')
  })
})

test('where a proxy dials; what cannot be read is an address at which nobody answers', () => {
  assert.equal(dialled('db:5432'), 'db:5432')
  assert.equal(dialled('db:http'), 'db:80')
  assert.equal(dialled('[::1]:80'), '[::1]:80')
  assert.equal(dialled('/run/db.sock'), '/run/db.sock')
  for (const junk of ['junk', 'a:b:c', 'db:99999']) assert.equal(dialled(junk), '127.0.0.1:0')
})
