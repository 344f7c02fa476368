/** What passes through an HTTP proxy, and how it is counted. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fault, get, ok, post, stand } from './stand.ts'

suite('HTTP through the middle', () => {
  test('passes requests and answers as they are and counts them', () => {
    const { part, connect } = stand()
    const one = connect()
    one.ask(get('/a') + post('/b', 'hello'))
    assert.equal(one.toService.text(), get('/a') + post('/b', 'hello'))
    one.answer(`${ok('first')}HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nSum: 1\r\n\r\n`)
    assert.equal(
      one.toCaller.text(),
      `${ok('first')}HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nSum: 1\r\n\r\n`,
    )
    const { started, ended, bad, latency, notFollowed } = part.counters()
    assert.deepEqual([started, ended, bad, notFollowed], [2, 2, 1, 0])
    assert.deepEqual(latency.at(-1), [null, 2])
  })

  test('passes the ends of both sides on, after what came before', () => {
    const one = stand().connect()
    one.ask(get())
    one.callerEnded()
    assert.equal(one.toService.ended, true)
    assert.equal(one.toCaller.ended, false)
    one.answer('HTTP/1.1 200 OK\r\n\r\nuntil')
    one.serviceEnded()
    assert.equal(one.toCaller.text(), 'HTTP/1.1 200 OK\r\n\r\nuntil')
    assert.equal(one.toCaller.ended, true)
  })

  test('an answer that ends early, or never comes, is a bad call', () => {
    const { part, connect } = stand()
    const one = connect()
    one.ask(get() + get())
    one.answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')
    one.serviceEnded()
    const other = connect()
    other.ask(get())
    other.closed()
    const { started, ended, bad } = part.counters()
    assert.deepEqual([started, ended, bad], [3, 3, 3])
  })

  test('“100 Continue” is no answer, and the body follows it', () => {
    const { part, connect } = stand()
    const one = connect()
    one.ask('PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n')
    assert.match(one.toService.text(), /Expect/)
    one.answer('HTTP/1.1 100 Continue\r\n\r\n')
    assert.equal(one.toCaller.more(), 'HTTP/1.1 100 Continue\r\n\r\n')
    assert.equal(part.counters().ended, 0)
    one.ask('abc')
    one.answer(ok())
    assert.equal(one.toCaller.more(), ok())
    assert.equal(part.counters().ended, 1)
  })

  test('after a change of protocol both directions are bytes; without the change they stay requests', () => {
    const { part, connect } = stand()
    const one = connect()
    const upgrade = get('/ws', 'Upgrade: websocket\r\nConnection: Upgrade\r\n')
    one.ask(`${upgrade}\x81\x02hi`)
    assert.equal(one.toService.text(), upgrade, 'what follows waits for the answer')
    one.answer('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02yo')
    assert.equal(one.toService.text(), `${upgrade}\x81\x02hi`)
    assert.equal(one.toCaller.text(), 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02yo')
    one.ask('GET no more')
    assert.match(one.toService.text(), /GET no more$/)
    const other = connect()
    other.ask(upgrade + get('/next'))
    other.answer(ok())
    assert.equal(other.toService.text(), upgrade + get('/next'))
    other.answer(ok())
    const { started, ended, notFollowed } = part.counters()
    assert.deepEqual([started, ended, notFollowed], [3, 3, 0])
  })

  test('a tunnel asked for by CONNECT is bytes once it is there', () => {
    const one = stand().connect()
    one.ask('CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n\x16\x03')
    one.answer('HTTP/1.1 200 OK\r\n\r\n\x16\x04')
    assert.match(one.toService.text(), /\x16\x03$/)
    assert.match(one.toCaller.text(), /\x16\x04$/)
  })

  test('what is no HTTP/1.1 passes in both directions and is counted once', () => {
    const { part, connect } = stand()
    part.put(fault([{ is: 'answer', status: 503, fields: {}, body: '' }]))
    const one = connect()
    one.ask('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    one.answer('\0\0\0\x04')
    one.ask('\0\x01')
    assert.equal(one.toService.text(), 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\x01')
    assert.equal(one.toCaller.text(), '\0\0\0\x04')
    const other = connect()
    other.answer('220 smtp ready\r\n')
    other.ask('EHLO x\r\n')
    assert.equal(other.toCaller.text(), '220 smtp ready\r\n')
    assert.equal(other.toService.text(), 'EHLO x\r\n')
    const { started, notFollowed } = part.counters()
    assert.deepEqual([started, notFollowed], [0, 2])
  })

  test('requests before one that is not understood still get their answers', () => {
    const { part, connect } = stand()
    const one = connect()
    one.ask(`${get('/a')}nonsense`)
    one.answer(`${ok('a')}HTTP/1.1 400 Bad\r\n\r\nwhat`)
    assert.equal(one.toCaller.text(), `${ok('a')}HTTP/1.1 400 Bad\r\n\r\nwhat`)
    const { started, ended, bad, notFollowed } = part.counters()
    assert.deepEqual([started, ended, bad, notFollowed], [1, 1, 0, 1])
  })

  test('an answer before the whole request has come is that request’s', () => {
    const one = stand().connect()
    one.ask('POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc')
    one.answer('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')
    one.ask(`def${get('/next')}`)
    one.answer(ok('next'))
    assert.match(one.toService.text(), /abcdefGET \/next/)
    assert.match(one.toCaller.text(), /413 Too Large[^]*next$/)
  })

  test('an answer nobody asked for passes', () => {
    const one = stand().connect()
    one.answer('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
    one.serviceEnded()
    assert.match(one.toCaller.text(), /^HTTP\/1.1 408/)
    assert.equal(one.toCaller.ended, true)
  })
})
