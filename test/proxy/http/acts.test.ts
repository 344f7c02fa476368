/** What each kind of HTTP fault does to whom. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { HttpAct } from '../../../src/proxy/http/rule.ts'
import { monotonicMs, sleep } from '../../../src/system/clock.ts'
import { fault, get, ok, post, stand } from './stand.ts'

type Connection = ReturnType<ReturnType<typeof stand>['connect']>

async function until(what: string, test: () => boolean): Promise<void> {
  for (const end = monotonicMs() + 5000; !test(); await sleep(2)) assert.ok(monotonicMs() < end, what)
}

function withFault(acts: HttpAct[], more: Parameters<typeof fault>[1] = {}): ReturnType<typeof stand> & { one: Connection } {
  const made = stand()
  made.part.put(fault(acts, more))
  return { ...made, one: made.connect() }
}

/** Head and body of one answer. */
function read(text: string): { status: number; fields: Record<string, string>; body: string } {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const fields = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  )
  return { status: Number(first.split(' ')[1]), fields, body: rest.join('\r\n\r\n') }
}

const unavailable: HttpAct = { is: 'answer', status: 503, fields: { 'Retry-After': '7' }, body: '{"error":"no"}' }

suite('HTTP faults before the service', () => {
  test('an answer in place of the service', () => {
    const { part, one } = withFault([unavailable])
    one.ask(post('/a', 'body') + get('/b'))
    assert.equal(one.toService.text(), '')
    const [first = '', second = ''] = one.toCaller.text().split(/(?<=\}).*?(?=HTTP)/)
    for (const text of [first, second]) {
      const { status, fields, body } = read(text)
      assert.deepEqual([status, body, fields['content-length'], fields['retry-after']], [503, '{"error":"no"}', '14', '7'])
      assert.equal(fields['content-type'], 'application/json')
      assert.equal(fields['squall-fault'], 'run/fault')
    }
    assert.deepEqual([part.counters().ended, part.counters().bad, part.status('run/fault')?.acted.requests], [2, 2, 2])
  })

  test('answers stay in the order of their requests, wherever they come from', () => {
    const { one } = withFault([unavailable], { match: { path: '/mine' } })
    one.ask(get('/1') + get('/mine') + get('/2'))
    assert.equal(one.toCaller.text(), '')
    one.answer(ok('first'))
    assert.match(one.toCaller.text(), /first.*503.*"no"/s)
    one.answer(ok('third'))
    assert.match(one.toCaller.text(), /first.*503.*"no"\}.*third/s)
    assert.doesNotMatch(one.toService.text(), /mine/)
  })

  test('a caller that asks before it sends its body is told to go', () => {
    const { one } = withFault([unavailable])
    one.ask('PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 30\r\n\r\n')
    assert.equal(read(one.toCaller.text()).fields.connection, 'close')
    assert.equal(one.toCaller.ended, true)
  })

  test('HEAD has no body, and HTTP/1.0 ends with its answer', () => {
    const { one, connect } = withFault([unavailable])
    one.ask('HEAD / HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.match(one.toCaller.text(), /Content-Length: 14\r\n.*\r\n\r\n$/s)
    const other = connect()
    other.ask('GET / HTTP/1.0\r\n\r\n')
    assert.equal(other.toCaller.ended, true)
  })

  test('a delay holds the request, then all goes on as it was', async () => {
    const { part, one } = withFault([{ is: 'delay', ms: 30, jitter: 0, shape: 'uniform' }])
    const began = monotonicMs()
    one.ask(post('/a', 'hello'))
    assert.equal(one.toService.text(), '')
    await until('the request', () => one.toService.text() !== '')
    assert.ok(monotonicMs() - began >= 30)
    assert.equal(one.toService.text(), post('/a', 'hello'))
    const { achieved } = part.status('run/fault') ?? {}
    assert.ok((achieved?.delay ?? 0) >= 30)
    assert.equal(achieved?.share, 1)
  })

  test('a delay that is taken away lets go at once what it held', () => {
    const { part, one } = withFault([{ is: 'delay', ms: 3_600_000, jitter: 0, shape: 'uniform' }])
    one.ask(get('/a'))
    one.ask(get('/b'))
    assert.equal(one.toService.text(), '')
    part.remove('run/fault')
    assert.equal(one.toService.text(), get('/a') + get('/b'))
  })

  test('a hang lasts as long as its fault, and the connection that the service gave up meanwhile is renewed', () => {
    const { part, one } = withFault([{ is: 'hang' }])
    one.ask(get('/a'))
    one.serviceEnded()
    assert.equal(one.toCaller.ended, false)
    part.remove('run/fault')
    assert.equal(one.state.renewed, 1)
    assert.equal(one.toService.text(), get('/a'))
    one.answer(ok('after all'))
    assert.match(one.toCaller.text(), /after all/)
  })

  test('a caller that gives up what hangs is let go', () => {
    const { part, one } = withFault([{ is: 'hang' }])
    one.ask(get())
    one.callerEnded()
    assert.equal(one.toCaller.ended, true)
    assert.equal(one.toService.ended, true)
    assert.deepEqual([part.counters().ended, part.counters().bad], [1, 1])
  })

  test('reset and close, after the answers that are due before', () => {
    for (const is of ['reset', 'close'] as const) {
      const { one } = withFault([{ is }], { match: { path: '/bad' } })
      one.ask(get('/good') + get('/bad') + get('/never'))
      assert.equal(one.toService.text(), get('/good'))
      assert.deepEqual([one.toCaller.wasReset, one.toCaller.ended], [false, false])
      one.answer(ok('good'))
      assert.match(one.toCaller.text(), /good$/)
      assert.deepEqual([one.toCaller.wasReset, one.toCaller.ended], [is === 'reset', is === 'close'])
    }
  })

  test('a quota lets so many pass in its time', async () => {
    const { part, one } = withFault([{ is: 'quota', calls: 2, per: 150, status: 429 }])
    one.ask(get('/1') + get('/2') + get('/3'))
    assert.equal(one.toService.text(), get('/1') + get('/2'))
    one.answer(ok() + ok())
    const { status, fields } = read(one.toCaller.text().slice((ok() + ok()).length))
    assert.equal(status, 429)
    assert.deepEqual(
      [fields['retry-after'], fields['ratelimit-limit'], fields['ratelimit-remaining'], fields['ratelimit-reset']],
      ['1', '2', '0', '1'],
    )
    await sleep(160)
    one.ask(get('/4'))
    assert.match(one.toService.text(), /\/4/)
    assert.equal(part.status('run/fault')?.acted.requests, 1)
  })

  test('a request is rewritten: credentials gone, others put in their place', () => {
    const { one, lines } = withFault([
      {
        is: 'rewrite',
        method: 'PUT',
        path: '/v2',
        query: { key: '', page: '2' },
        set: { Cookie: 'a=b', 'X-New': '1' },
        remove: ['authorization'],
      },
    ])
    one.ask(post('/v1?key=hunter2&x=1', 'hello', 'Authorization: Bearer hunter3\r\nCookie: s=hunter4\r\n'))
    assert.equal(
      one.toService.text(),
      'PUT /v2?x=1&page=2 HTTP/1.1\r\nHost: shop.test\r\nCookie: a=b\r\nContent-Length: 5\r\nX-New: 1\r\n\r\nhello',
    )
    assert.equal(lines.length, 1)
    assert.doesNotMatch(lines.join(), /hunter/)
    assert.match(lines.join(), /fault run\/fault: request rewritten: POST \/v1\?key=…&x=… \(connection 1, request 1\)/)
  })

  test('a body that is replaced has its own length', () => {
    const { one } = withFault([{ is: 'rewrite', body: '{"a":1}' }])
    one.ask('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n3\r\nabc\r\n0\r\n\r\n')
    assert.equal(one.toService.text(), 'POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}')
  })
})

suite('HTTP faults on the real answer', () => {
  const answered = (acts: HttpAct[], answer: string, more: Parameters<typeof fault>[1] = {}, asked = get()) => {
    const made = withFault(acts, more)
    made.one.ask(asked)
    made.one.answer(answer)
    return { ...made, ...read(made.one.toCaller.text()) }
  }

  test('status and fields change, the body stays', () => {
    const { status, fields, body, part } = answered(
      [{ is: 'change', status: 502, set: { 'X-A': 'b' }, remove: ['server'] }],
      ok('stock', 'Server: s\r\n'),
    )
    assert.deepEqual([status, fields['x-a'], fields.server, body, fields['content-length']], [502, 'b', undefined, 'stock', '5'])
    assert.equal(part.counters().bad, 1)
  })

  test('the body changes, and its length with it', () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
    const { fields, body, one } = answered([{ is: 'change', body: 'new body' }], chunked)
    assert.deepEqual(
      [body, fields['content-length'], fields['transfer-encoding'], fields['content-encoding']],
      ['new body', '8', undefined, undefined],
    )
    one.ask(get('/next'))
    one.answer(ok('next'))
    assert.match(one.toCaller.text(), /new body.*new body$/s)
    assert.deepEqual(answered([{ is: 'change', status: 204 }], ok('gone')).body, '')
    assert.deepEqual(answered([{ is: 'change', status: 200 }], 'HTTP/1.1 304 Not Modified\r\n\r\n').fields['content-length'], '0')
  })

  test('rules can wait for the answer’s status', () => {
    const acts: HttpAct[] = [{ is: 'change', status: 500 }]
    assert.equal(answered(acts, 'HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n', { match: { status: ['4xx'] } }).status, 500)
    assert.equal(answered(acts, ok(), { match: { status: ['4xx', '201'] } }).status, 200)
    assert.equal(answered([{ is: 'reset' }], ok('x'), { match: { status: ['200'] }, at: 'answer' }).one.toCaller.wasReset, true)
  })

  test('truncated: less than there was, and nothing says so', () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n4\r\n:[1]\r\n0\r\n\r\n'
    for (const answer of [ok('{"a":[1]'), chunked]) {
      const { fields, body, one } = answered([{ is: 'damage', how: 'truncate', keep: 0.5 }], answer)
      assert.deepEqual([body, fields['content-length'], one.toCaller.ended], ['{"a"', '4', false])
    }
  })

  test('cut: the connection ends in the middle of the body', () => {
    const { body, fields, one, part } = answered([{ is: 'damage', how: 'cut', keep: 0.25 }], ok('12345678'))
    assert.deepEqual([body, fields['content-length'], one.toCaller.ended], ['12', '8', true])
    assert.deepEqual([part.counters().ended, part.counters().bad], [1, 1])
  })

  test('a malformed chunk, and JSON that is none', () => {
    const { body, fields, one } = answered([{ is: 'damage', how: 'chunk', keep: 0.5 }], ok('{}'))
    assert.deepEqual(
      [body, fields['transfer-encoding'], fields['content-length'], one.toCaller.ended],
      ['zz\r\n', 'chunked', undefined, true],
    )
    const json = answered([{ is: 'damage', how: 'json', keep: 0.5 }], ok('{"a":1}'))
    assert.deepEqual([json.body, json.fields['content-length'], json.one.toCaller.ended], ['}"a":1}', '7', false])
    assert.throws(() => JSON.parse(json.body))
  })

  test('a length that is wrong, either way', () => {
    const long = answered([{ is: 'damage', how: 'too-long', keep: 0.5 }], ok('12345678'))
    assert.deepEqual([long.fields['content-length'], long.body, long.one.toCaller.ended], ['108', '12345678', false])
    const short = answered([{ is: 'damage', how: 'too-short', keep: 0.5 }], ok('12345678'))
    assert.deepEqual([short.fields['content-length'], short.body], ['4', '12345678'])
  })

  test('where there is no body nothing is damaged, and nothing is said to be', () => {
    const { part, one } = answered([{ is: 'damage', how: 'json', keep: 0.5 }], ok())
    assert.equal(one.toCaller.text(), ok())
    assert.equal(part.status('run/fault')?.acted.requests, 0)
  })

  test('changed and damaged at once', () => {
    const { body, fields, status } = answered(
      [
        { is: 'change', status: 500, body: '{"a":1}' },
        { is: 'damage', how: 'truncate', keep: 0.5 },
      ],
      ok('old'),
    )
    assert.deepEqual([status, body, fields['content-length']], [500, '{"a', '3'])
  })

  test('an answer is lost after the work was done', () => {
    const lost = (by: 'reset' | 'close' | 'hang' | number) => {
      const { one, part } = withFault([{ is: 'lose', by }])
      one.ask(post('/pay', 'now') + get('/next'))
      assert.match(one.toService.text(), /now/)
      one.answer('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npa')
      assert.deepEqual(
        [one.toCaller.text(), one.toCaller.ended, one.toCaller.wasReset],
        ['', false, false],
        'not before the answer is whole',
      )
      one.answer('id')
      return { one, part }
    }
    assert.equal(lost('reset').one.toCaller.wasReset, true)
    assert.equal(lost('close').one.toCaller.ended, true)
    const status = lost(502)
    assert.equal(read(status.one.toCaller.text()).status, 502)
    assert.equal(status.part.counters().bad, 1)
    const hang = lost('hang')
    assert.deepEqual([hang.one.toCaller.text(), hang.one.toCaller.ended], ['', false])
    hang.part.remove('run/fault')
    assert.equal(hang.one.toCaller.ended, true)
  })

  test('a slow body comes at its pace, and all of it once the fault is gone', async () => {
    const { one, part } = withFault([{ is: 'slow', bytesPerSecond: 2000 }])
    one.ask(get())
    const began = monotonicMs()
    one.answer(ok('x'.repeat(200)))
    await until('the body', () => one.toCaller.text() === ok('x'.repeat(200)))
    assert.ok(monotonicMs() - began >= 95, 'too fast')
    one.ask(get())
    one.answer(ok('y'.repeat(100_000)))
    assert.ok(one.toCaller.text().length < 2000)
    part.remove('run/fault')
    assert.ok(one.toCaller.text().endsWith('y'.repeat(100_000)))
    assert.equal(part.counters().ended, 2)
  })

  test('an answer that is held too long stops the reading of more', () => {
    const { one, part } = withFault([{ is: 'delay', ms: 3_600_000, jitter: 0, shape: 'uniform' }], { at: 'answer' })
    one.ask(get())
    one.answer(ok('x'.repeat(100_000)))
    assert.equal(one.state.service, true)
    part.remove('run/fault')
    assert.equal(one.state.service, false)
    assert.ok(one.toCaller.text().endsWith('x'))
  })
})
