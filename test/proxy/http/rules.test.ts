/** Which requests a rule takes. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { drawOf } from '../../../src/proxy/draw.ts'
import { drawDelay } from '../../../src/proxy/http/draw.ts'
import type { HttpMatch, HttpWhen } from '../../../src/proxy/http/rule.ts'
import { fault, get, ok, post, stand } from './stand.ts'

/** For each request, in order: is it answered by the fault? */
function taken(requests: readonly string[], match: HttpMatch, when: Partial<HttpWhen> = {}, except: HttpMatch[] = [], seed = 7): boolean[] {
  const { part, connect } = stand()
  part.put(fault([{ is: 'answer', status: 503, fields: {}, body: '' }], { match, when, except, seed }))
  return requests.map((request) => {
    const one = connect()
    one.ask(request)
    return one.toCaller.text() !== ''
  })
}

const many = (count: number): string[] => Array.from({ length: count }, () => get())
const numbers = (all: boolean[]): number[] => all.flatMap((one, at) => (one ? [at + 1] : []))

suite('rules', () => {
  test('match by method, host, path, header and query', () => {
    const asked = [get('/v1/charges?page=2&q=a', 'X-Tenant: acme\r\n'), post('/v1/refunds', ''), get('http://Other.test:8080/v1/charges')]
    const cases: [HttpMatch, boolean[]][] = [
      [{}, [true, true, true]],
      [{ method: ['POST', 'PUT'] }, [false, true, false]],
      [{ host: 'SHOP.test' }, [true, true, false]],
      [{ host: '*.test' }, [true, true, true]],
      [{ path: '/v1/charges' }, [true, false, true]],
      [{ path: '/v1/*' }, [true, true, true]],
      [{ path: '/v1' }, [false, false, false]],
      [{ path: '~ ^/v1/(refunds|x)$' }, [false, true, false]],
      [{ headers: { 'x-tenant': 'ac*' } }, [true, false, false]],
      [{ query: { page: '2' } }, [true, false, false]],
      [{ query: { page: '3' } }, [false, false, false]],
      [{ path: '/v1/*', method: ['GET'], query: { q: '*' } }, [true, false, false]],
    ]
    for (const [match, wanted] of cases) assert.deepEqual(taken(asked, match), wanted, JSON.stringify(match))
  })

  test('match by what is in the body, as text or as JSON', () => {
    const asked = [post('/', '{"order":{"type":"express","items":[{"sku":7}]}}'), post('/', 'type=express'), get()]
    assert.deepEqual(taken(asked, { body: 'expr.ss' }), [true, true, false])
    assert.deepEqual(taken(asked, { json: { 'order.type': 'express', 'order.items.0.sku': '7' } }), [true, false, false])
    assert.deepEqual(taken(asked, { json: { 'order.__proto__': '*' } }), [false, false, false])
  })

  test('a body that is too large to be looked at does not match, and passes whole', () => {
    const { part, connect, lines } = stand()
    part.put(fault([{ is: 'reset' }], { match: { body: 'x' } }))
    const one = connect()
    const large = post('/', 'x'.repeat(1_200_000))
    for (let from = 0; from < large.length; from += 65_536) one.ask(large.slice(from, from + 65_536))
    assert.equal(one.toService.text(), large)
    assert.match(lines.join(), /is not looked at/)
    assert.equal(one.state.caller, false)
  })

  test('health checks are left alone', () => {
    assert.deepEqual(taken([get('/health'), get('/x')], {}, {}, [{ path: '/health' }]), [false, true])
  })

  test('each n-th, the first, all after the first, not more than so many', () => {
    assert.deepEqual(numbers(taken(many(7), {}, { nth: 3 })), [3, 6])
    assert.deepEqual(numbers(taken(many(7), {}, { first: 2 })), [1, 2])
    assert.deepEqual(numbers(taken(many(7), {}, { skip: 2, first: 2 })), [3, 4])
    assert.deepEqual(numbers(taken(many(9), {}, { skip: 1, nth: 2, most: 3 })), [3, 5, 7])
    assert.deepEqual(numbers(taken(many(9), {}, { cap: 2 })), [1, 2])
  })

  test('a share is the same each time with the same seed, and a greater one takes all that a smaller one took', () => {
    const small = numbers(taken(many(400), {}, { share: 0.2 }))
    assert.deepEqual(numbers(taken(many(400), {}, { share: 0.2 })), small)
    assert.ok(small.length > 50 && small.length < 110, String(small.length))
    const great = new Set(numbers(taken(many(400), {}, { share: 0.5 })))
    assert.ok(small.every((one) => great.has(one)))
    assert.notDeepEqual(numbers(taken(many(400), {}, { share: 0.2 }, [], 8)), small)
  })

  test('draws are spread evenly', () => {
    const buckets = Array.from({ length: 10 }, () => 0)
    for (let count = 1; count <= 10_000; count++) {
      const at = Math.floor(drawOf(1, 'fault', count) * 10)
      buckets[at] = (buckets[at] ?? 0) + 1
    }
    assert.ok(
      buckets.every((found) => found > 850 && found < 1150),
      buckets.join(),
    )
  })

  test('delays have the shape that was asked for', () => {
    const all = (shape: 'uniform' | 'normal' | 'lognormal'): number[] =>
      Array.from({ length: 4000 }, (_, count) =>
        drawDelay({ is: 'delay', ms: 100, jitter: 20, shape }, (index) => drawOf(3, 'x', count, index)),
      ).toSorted((a, b) => a - b)
    const at = (sorted: number[], quantile: number): number => sorted[Math.floor(quantile * sorted.length)] as number
    const uniform = all('uniform')
    assert.ok(at(uniform, 0) >= 80 && at(uniform, 0.9999) <= 120 && Math.abs(at(uniform, 0.5) - 100) < 2)
    const normal = all('normal')
    assert.ok(Math.abs(at(normal, 0.5) - 100) < 2 && Math.abs(at(normal, 0.841) - 120) < 2, String(at(normal, 0.841)))
    const lognormal = all('lognormal')
    assert.ok(Math.abs(at(lognormal, 0.5) - 100) < 2 && Math.abs(at(lognormal, 0.841) - 120) < 2.5)
  })

  test('rules act in order; what one has ended the next does not see', () => {
    const { part, connect } = stand()
    part.put(fault([{ is: 'answer', status: 500, fields: {}, body: '' }], { id: 'run/a', match: { path: '/a' } }))
    part.put(fault([{ is: 'answer', status: 502, fields: {}, body: '' }], { id: 'run/b' }))
    const one = connect()
    one.ask(get('/a') + get('/b'))
    assert.match(one.toCaller.text(), /500.*502/s)
    assert.equal(part.status('run/b')?.achieved.matched, 1)
  })

  test('a fault that is put again keeps its place and its counts', () => {
    const { part, connect } = stand()
    part.put(fault([{ is: 'answer', status: 500, fields: {}, body: '' }]))
    connect().ask(get())
    part.put(fault([{ is: 'answer', status: 500, fields: {}, body: '' }], { when: { share: 0 } }))
    const one = connect()
    one.ask(get())
    assert.equal(one.toService.text(), get())
    one.answer(ok())
    assert.deepEqual(part.status('run/fault'), {
      acted: { connections: 0, pieces: 0, bytes: 0, requests: 1 },
      achieved: { matched: 2, share: 0.5 },
    })
  })

  test('the log of what was done is bounded', () => {
    const { part, connect, lines } = stand()
    part.put(fault([{ is: 'answer', status: 500, fields: {}, body: '' }]))
    const one = connect()
    for (let at = 0; at < 3000; at++) one.ask(get())
    assert.ok(lines.length >= 1000 && lines.length < 1500, String(lines.length))
  })
})
