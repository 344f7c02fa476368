/** HTTP/1.1 as it passes: bytes stay as they are, however they are cut up, and what is not understood is left alone. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { AnswerHead, RequestHead } from '../../../src/proxy/http/head.ts'
import { answerFramer, type Framer, type Piece, requestFramer } from '../../../src/proxy/http/parser.ts'
import { everything } from '../../helpers/length.ts'

type AnyPiece = Piece<RequestHead | AnswerHead>
const numRuns = everything ? 3000 : 300

/** What was said of the bytes, cut up as told, and the bytes as they came out. */
function through(make: () => Framer<RequestHead | AnswerHead>, bytes: Buffer, cuts: readonly number[]): { said: string[]; out: Buffer } {
  const framer = make()
  const said: string[] = []
  const out: Buffer[] = []
  const pull = (): void => {
    for (let piece = framer.next(); piece; piece = framer.next()) {
      if ('bytes' in piece) out.push(piece.bytes)
      tell(said, piece)
    }
  }
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    framer.feed(Buffer.from(bytes.subarray(from, cut)))
    from = cut
    pull()
  }
  framer.ended()
  pull()
  assert.equal(framer.drained, true)
  assert.equal(framer.waiting, 0)
  return { said, out: Buffer.concat(out) }
}

/** Bodies and opaque bytes come in pieces: they are told as one. */
function tell(said: string[], piece: AnyPiece): void {
  if (piece.is === 'between') return
  if (piece.is === 'end') return void said.push(`end ${piece.whole}`)
  if (piece.is === 'head') return void said.push(JSON.stringify([piece.head, piece.body]))
  const text = (piece.is === 'body' ? Buffer.concat(piece.content) : piece.bytes).toString('latin1')
  const last = said.at(-1)
  if (last?.startsWith(`${piece.is}:`)) said[said.length - 1] = last + text
  else said.push(`${piece.is}:${text}`)
}

const requests = (text: string, cuts: number[] = []): string[] => through(requestFramer, Buffer.from(text, 'latin1'), cuts).said
const answers = (text: string, method = 'GET'): string[] => through(() => answerFramer(() => method), Buffer.from(text, 'latin1'), []).said

const shape = (said: string[]): string[] =>
  said.filter((words) => !words.startsWith('body:')).map((words) => words.replace(/^opaque:.*/s, 'opaque'))

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/)
const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/)
const body = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
const fields = fc.array(
  fc.tuple(
    token.filter((name) => !/^(content-length|transfer-encoding|upgrade|expect)$/i.test(name)),
    value,
  ),
  { maxLength: 4 },
)
const chunked = fc
  .array(
    fc.tuple(
      body.filter((part) => part !== ''),
      fc.constantFrom('', ';a=b', ' ; q="x y"'),
    ),
  )
  .map((parts) => `${parts.map(([part, extension]) => `${part.length.toString(16)}${extension}\r\n${part}\r\n`).join('')}0\r\n`)
const framedBody = fc.oneof(
  fc.constant(['', '']),
  body.map((text) => [`Content-Length: ${text.length}\r\n`, text]),
  fc
    .tuple(chunked, fc.constantFrom('', 'X-Sum: 1\r\n'))
    .map(([chunks, trailer]) => ['Transfer-Encoding: chunked\r\n', `${chunks}${trailer}\r\n`]),
)
const lines = fields.map((all) => all.map(([name, text]) => `${name}: ${text}\r\n`).join(''))
const request = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'M-SEARCH'),
    fc.constantFrom('/', '/a?b=c', 'http://x/y', '*'),
    lines,
    framedBody,
    fc.constantFrom('', '\r\n'),
  )
  .map(([method, target, head, [length, text], before]) => `${before}${method} ${target} HTTP/1.1\r\n${head}${length}\r\n${text}`)
const answer = fc
  .tuple(
    fc.constantFrom('200 OK', '404', '503 Service Unavailable'),
    lines,
    framedBody.filter(([length]) => length !== ''),
  )
  .map(([status, head, [length, text]]) => `HTTP/1.1 ${status}\r\n${head}${length}\r\n${text}`)

const cutUp = (text: fc.Arbitrary<string>): fc.Arbitrary<[Buffer, number[]]> =>
  text.chain((all) =>
    fc.tuple(
      fc.constant(Buffer.from(all, 'latin1')),
      fc.array(fc.nat(all.length)).map((cuts) => cuts.toSorted((a, b) => a - b)),
    ),
  )

suite('HTTP/1.1 as it passes', () => {
  test('any way to cut up requests gives the same messages and the same bytes', () => {
    fc.assert(
      fc.property(cutUp(fc.array(request, { maxLength: 4 }).map((all) => all.join(''))), ([bytes, cuts]) => {
        const [one, other] = [through(requestFramer, bytes, []), through(requestFramer, bytes, cuts)]
        assert.deepEqual(other.said, one.said)
        assert.ok(other.out.equals(bytes))
        assert.ok(!one.said.some((words) => words.startsWith('opaque')), one.said.join('\n'))
      }),
      { numRuns },
    )
  })

  test('any way to cut up answers gives the same messages and the same bytes', () => {
    const framer = (): Framer<AnswerHead> => answerFramer(() => 'GET')
    fc.assert(
      fc.property(cutUp(fc.array(answer, { maxLength: 4 }).map((all) => all.join(''))), ([bytes, cuts]) => {
        const [one, other] = [through(framer, bytes, []), through(framer, bytes, cuts)]
        assert.deepEqual(other.said, one.said)
        assert.ok(other.out.equals(bytes))
        assert.ok(!one.said.some((words) => words.startsWith('opaque')), one.said.join('\n'))
      }),
      { numRuns },
    )
  })

  test('whatever bytes come, none is lost or changed', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc
        .tuple(request, fc.nat(200), fc.constantFrom('\r', '\n', ' ', '\0', 'x', '\r\n\r\n'))
        .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at)),
      fc.tuple(answer, fc.nat(200)).map(([text, at]) => text.slice(0, at) + text.slice(at + 1)),
    )
    fc.assert(
      fc.property(cutUp(noise), ([bytes, cuts]) => {
        for (const make of [requestFramer, () => answerFramer(() => 'GET')] as (() => Framer<RequestHead | AnswerHead>)[]) {
          const [one, other] = [through(make, bytes, []), through(make, bytes, cuts)]
          assert.ok(one.out.equals(bytes))
          assert.ok(other.out.equals(bytes))
          // Where exactly it ceased to be understood depends on what had gone on already.
          assert.deepEqual(shape(other.said), shape(one.said))
        }
      }),
      { numRuns },
    )
  })

  test('bytes that cannot become a request go on at once', () => {
    for (const begin of ['\x16\x03\x01', 'hello', 'get / HTTP/1.1', 'GET  /', '*3\r\n', 'SSH-2.0-x\r\n', '{', 'GET /\0']) {
      const framer = requestFramer()
      framer.feed(Buffer.from(begin, 'latin1'))
      assert.equal(framer.next()?.is, 'opaque', begin)
    }
    const framer = requestFramer()
    framer.feed(Buffer.from('GE'))
    assert.equal(framer.next(), undefined)
  })

  test('what two programs could read differently is not followed', () => {
    const ambiguous = [
      'Content-Length: 3\r\nContent-Length: 4\r\n',
      'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n',
      'Transfer-Encoding: chunked, gzip\r\n',
      'Transfer-Encoding: gzip\r\n',
      'Transfer-Encoding: chunked, chunked\r\n',
      'Content-Length: +3\r\n',
      'Content-Length: 0x3\r\n',
      'Content-Length: 3, 3\r\n',
      'Content-Length : 3\r\n',
      'A: b\r\n c\r\n',
      'A b\r\n',
      'A: b\rc\r\n',
    ]
    for (const field of ambiguous) assert.match(requests(`POST / HTTP/1.1\r\n${field}\r\nabc`)[0] ?? '', /^opaque:POST/, field)
    assert.match(requests('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')[0] ?? '', /^opaque/)
    assert.match(requests('POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')[0] ?? '', /^opaque/)
    const chunks = requests('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nz\r\n')
    assert.deepEqual(chunks.slice(1), ['opaque:3\r\nabc\r\nz\r\n'])
    assert.match(requests('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n').at(-1) ?? '', /^opaque/)
  })

  test('the same length twice is the same length, and lines may end without a carriage return', () => {
    assert.deepEqual(requests('POST / HTTP/1.1\nContent-Length: 1\nContent-Length: 1\n\nx').slice(1), ['body:x', 'end true'])
  })

  test('answers without a body have none, whatever they say of its length', () => {
    const head = (status: number): string => `HTTP/1.1 ${status} X\r\nContent-Length: 5\r\n\r\n`
    const next = 'HTTP/1.1 204 X\r\n\r\n'
    const heads = (said: string[]): number => said.filter((words) => words.startsWith('[')).length
    for (const status of [100, 103, 204, 304]) assert.equal(heads(answers(head(status) + next)), 2, String(status))
    assert.equal(heads(answers(head(200) + next, 'HEAD')), 2)
    assert.equal(heads(answers(head(200) + next, 'CONNECT')), 2)
    assert.equal(heads(answers(`${head(200)}12345${next}`)), 2)
  })

  test('a body without a length goes on until the connection ends', () => {
    assert.deepEqual(answers('HTTP/1.0 200 OK\r\n\r\nabc').slice(1), ['body:abc', 'end true'])
    assert.deepEqual(answers('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc').slice(1), ['body:abc', 'end true'])
    assert.deepEqual(answers('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc').slice(1), ['body:abc', 'end false'])
  })

  test('a head of any size is taken a byte at a time, one that is too long is passed on', () => {
    const long = `GET / HTTP/1.1\r\nA: ${'x'.repeat(3000)}\r\n\r\n`
    assert.equal(requests(long, [...Buffer.from(long).keys()]).length, 2)
    assert.match(requests(`GET / HTTP/1.1\r\nA: ${'x'.repeat(300_000)}\r\n\r\n`)[0] ?? '', /^opaque/)
  })
})
