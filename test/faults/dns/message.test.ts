import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addressBytes, answering, failing, readQuestion } from '../../../src/faults/dns/message.ts'
import { responder } from '../../../src/faults/dns/respond.ts'
import { serversIn } from '../../../src/faults/dns/servers.ts'

/** As a resolver sends it: id 0x1234, recursion desired, one question, and an OPT record behind it. */
export function query(name: string, type = 1): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  const head = Buffer.from('123401000001000000000001', 'hex')
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, type, 0, 1]), Buffer.from('0000291000000000000000', 'hex')])
}

describe('a DNS message', () => {
  test('is read for its one question; letters count as small ones', () => {
    assert.deepEqual(readQuestion(query('Api.Payments.test', 28)), { name: 'api.payments.test', type: 28, end: 35 })
  })
  test('cut or damaged anywhere it is never more than no question', () => {
    const whole = query('api.payments.test')
    for (let length = 0; length < 35; length++) assert.equal(readQuestion(whole.subarray(0, length)), null)
    for (let at = 0; at < whole.length; at++)
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Buffer.from(whole)
        damaged[at] = (damaged[at] as number) ^ (1 << bit)
        readQuestion(damaged)
      }
  })
  test('is answered with the address, to the letter', () => {
    const asked = query('api.Payments.test')
    const question = readQuestion(asked)
    assert.ok(question)
    assert.equal(
      answering(asked, question, '203.0.113.1').toString('hex'),
      '12348180000100010000000003617069085061796d656e747304746573740000010001c00c00010001000000000004cb007101',
    )
  })
  test('of another kind is answered with nothing, and fails with the code', () => {
    const asked = query('a.test', 28)
    const question = readQuestion(asked)
    assert.ok(question)
    assert.equal(answering(asked, question, '203.0.113.1').readUInt16BE(6), 0)
    assert.equal(failing(asked, question, 'nxdomain').readUInt8(3), 0x83)
    assert.equal(failing(asked, question, 'servfail').readUInt8(3), 0x82)
  })
  test('addresses of IPv6 in every way of writing', () => {
    assert.equal(addressBytes('2001:db8::1').toString('hex'), '20010db8000000000000000000000001')
    assert.equal(addressBytes('::ffff:10.0.0.1').toString('hex'), '00000000000000000000ffff0a000001')
    assert.equal(addressBytes('::').toString('hex'), '0'.repeat(32))
  })
})

describe('what becomes of a question', () => {
  test('only the names that are meant', () => {
    const respond = responder({ names: ['*.Payments.test.'], fail: 'drop' })
    assert.ok('silence' in respond(query('api.payments.test')))
    assert.ok('forward' in respond(query('payments.test')))
    assert.ok('forward' in respond(query('api.payments.test.evil')))
    assert.ok('forward' in respond(Buffer.from('nonsense')))
  })
  test('without names all; a delay comes before what else happens', () => {
    assert.deepEqual({ ...responder({ delay: 50 })(query('x')) }, { wait: 50, forward: true })
    assert.equal(responder({ delay: 50, fail: 'servfail' })(query('x')).wait, 50)
  })
})

test('a resolv.conf without a server is no target', () => {
  assert.throws(() => serversIn('/nowhere', 'it'), { code: 'no-target', hint: /servers/ })
})
