/** Whatever comes from either side, in whatever pieces: nothing is thrown, nothing is lost where no fault acts, and answers keep their order where some do. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { HttpAct } from '../../../src/proxy/http/rule.ts'
import { everything } from '../../helpers/length.ts'
import { fault, get, post, stand } from './stand.ts'

const numRuns = everything ? 2000 : 200

const scrap = fc.oneof(
  fc.constantFrom(
    get('/a'),
    post('/b', 'hello'),
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    'HTTP/1.1 101 X\r\n\r\n',
    'HTTP/1.1 100 X\r\n\r\n',
    'HTTP/1.1 200 OK\r\n\r\n',
    get('/u', 'Upgrade: x\r\nConnection: upgrade\r\n'),
    'POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n',
    '5\r\nhello\r\n0\r\n\r\n',
    'CONNECT x:1 HTTP/1.1\r\n\r\n',
    'HEAD / HTTP/1.0\r\n\r\n',
    '\r\n',
    '\r',
    'Z\r\n',
  ),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
)

interface Step {
  from: 'caller' | 'service'
  bytes: string
}
const steps = fc.array(fc.record({ from: fc.constantFrom('caller' as const, 'service' as const), bytes: scrap }), { maxLength: 14 })

function play(
  all: readonly Step[],
  acts: readonly HttpAct[],
): { sent: Record<Step['from'], string>; toService: string; toCaller: string; stuck: number } {
  const { part, connect } = stand()
  for (const [at, act] of acts.entries()) part.put(fault([act], { id: `run/${at}`, when: { share: 0.7 } }))
  const one = connect()
  const sent = { caller: '', service: '' }
  for (const { from, bytes } of all) {
    sent[from] += bytes
    if (from === 'caller') one.ask(bytes)
    else one.answer(bytes)
  }
  one.callerEnded()
  one.serviceEnded()
  for (const at of acts.keys()) part.remove(`run/${at}`)
  one.closed()
  const { started, ended } = part.counters()
  return { sent, toService: one.toService.text(), toCaller: one.toCaller.text(), stuck: started - ended }
}

const act: fc.Arbitrary<HttpAct> = fc.constantFrom<HttpAct>(
  { is: 'answer', status: 503, fields: {}, body: 'no' },
  { is: 'delay', ms: 1e9, jitter: 0, shape: 'uniform' },
  { is: 'hang' },
  { is: 'reset' },
  { is: 'close' },
  { is: 'lose', by: 502 },
  { is: 'lose', by: 'hang' },
  { is: 'change', status: 204, body: 'x' },
  { is: 'rewrite', path: '/x', body: 'y' },
  { is: 'slow', bytesPerSecond: 1 },
  ...(['truncate', 'cut', 'chunk', 'json', 'too-long', 'too-short'] as const).map((how) => ({ is: 'damage', how, keep: 0.5 }) as const),
)

suite('any bytes through the middle', () => {
  test('without faults what arrives is what was sent', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { sent, toService, toCaller, stuck } = play(all, [])
        assert.equal(toService, sent.caller)
        // Bytes of a service that answers before it was asked, and then is asked, are still its bytes.
        assert.equal(toCaller, sent.service)
        assert.equal(stuck, 0)
      }),
      { numRuns },
    )
  })

  test('with faults nothing is thrown and every call is counted to its end', () => {
    fc.assert(
      fc.property(steps, fc.array(act, { minLength: 1, maxLength: 3 }), (all, acts) => {
        assert.equal(play(all, acts).stuck, 0)
      }),
      { numRuns },
    )
  })

  test('each request gets one answer, in order, wherever it comes from and however it is cut up', () => {
    const calls = fc.array(fc.tuple(fc.boolean(), fc.constantFrom('', 'x', 'y'.repeat(50))), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(calls, fc.array(fc.nat(2000), { maxLength: 6 }), (all, cuts) => {
        const { part, connect } = stand()
        part.put(fault([{ is: 'answer', status: 503, fields: {}, body: 'no' }], { match: { path: '/no*' } }))
        const one = connect()
        const text = all.map(([here, body], at) => post(`/${here ? 'no' : 'yes'}${at}`, body)).join('')
        const places = [0, ...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length]
        for (const [at, from] of places.entries()) one.ask(text.slice(from, places[at + 1]))
        const there = [...one.toService.text().matchAll(/POST \/yes(\d+)/g)].map(([, number]) => number)
        for (const number of there) one.answer(`HTTP/1.1 200 OK\r\nContent-Length: ${number?.length}\r\n\r\n${number}`)
        const got = one.toCaller
          .text()
          .split(/(?=HTTP\/1\.1 )/)
          .map((answer) => answer.slice(answer.indexOf('\r\n\r\n') + 4))
        assert.deepEqual(
          got,
          all.map(([here], at) => (here ? 'no' : String(at))),
        )
      }),
      { numRuns },
    )
  })
})
