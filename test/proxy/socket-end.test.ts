import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import { test } from 'node:test'
import { callerEnd } from '../../src/proxy/socket-end.ts'

test('an accepted socket whose handle cannot be had is read as a plain stream, and answers', async () => {
  const [peer, accepted] = duplexPair()
  const received: string[] = []
  const ended = Promise.withResolvers<void>()
  const end = callerEnd(accepted as unknown as Socket, {
    receive(bytes) {
      received.push(bytes.toString())
      return 'passed'
    },
    ended: ended.resolve,
    failed: ended.reject,
    drained() {},
    closed() {},
  })
  end.resume()
  peer.end('question')
  await ended.promise
  end.end('answer')
  let answer = ''
  for await (const part of peer) answer += (part as Buffer).toString()
  assert.equal(received.join(''), 'question')
  assert.equal(answer, 'answer')
})
