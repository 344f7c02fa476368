/**
 * Frames HTTP/1.1 messages in one direction of a connection while its bytes stay as they are: the pieces that come out, put together, are the
 * bytes that went in. It is asked for one piece at a time, so that whoever asks can stop between two messages of one packet.
 */
import { answerBody, type BodyLength, requestBody } from './body-length.ts'
import { type ChunkReader, chunkReader } from './chunks.ts'
import { type AnswerHead, mayBeAnswer, mayBeRequest, type RequestHead, readAnswerHead, readRequestHead } from './head.ts'

export type Piece<Head> =
  | { is: 'head'; bytes: Buffer; head: Head; body: Exclude<BodyLength, undefined> }
  /** `content`: what of the bytes is body, without sizes of chunks and trailers. */
  | { is: 'body'; bytes: Buffer; content: Buffer[] }
  /** The message is over. `whole`: false when the connection ended in the middle of it. */
  | { is: 'end'; whole: boolean }
  /** Empty lines between messages. */
  | { is: 'between'; bytes: Buffer }
  /** From here on nothing is understood: this and all that follows is passed on as it is. */
  | { is: 'opaque'; bytes: Buffer }

export interface Framer<Head> {
  feed(data: Buffer): void
  /** No more will come. */
  ended(): void
  /** Undefined: it takes more bytes to tell. */
  next(): Piece<Head> | undefined
  /** All that follows is opaque. */
  giveUp(): void
  /** Bytes fed and not yet given out. */
  readonly waiting: number
  /** Every byte was given out, and no more will come. */
  readonly drained: boolean
}

interface Dialect<Head> {
  mayBegin(text: string): boolean
  read(text: string): Head | undefined
  body(head: Head): BodyLength
}

/** Bytes of a head; the usual servers take 8 to 64 KiB. */
const longestHead = 256 * 1024

export function requestFramer(): Framer<RequestHead> {
  return framer({ mayBegin: mayBeRequest, read: readRequestHead, body: requestBody })
}

/** `methodOf`: of the request whose answer comes next; asked when a head is complete. */
export function answerFramer(methodOf: () => string): Framer<AnswerHead> {
  return framer({ mayBegin: mayBeAnswer, read: readAnswerHead, body: (head) => answerBody(head, methodOf()) })
}

type Part = { is: 'head' } | { is: 'length'; left: number } | { is: 'chunks'; reader: ChunkReader } | { is: 'close' } | { is: 'opaque' }

function framer<Head>(dialect: Dialect<Head>): Framer<Head> {
  let part: Part = { is: 'head' }
  let queue: Buffer[] = []
  let waiting = 0
  let over = false
  /** Bytes of an incomplete head in which no end was found. */
  let searched = 0
  /** The body is complete, and that has not been said yet. */
  let endDue = false

  function take(bytes: number): Buffer {
    const all = whole()
    const taken = all.subarray(0, bytes)
    queue = bytes === all.length ? [] : [all.subarray(bytes)]
    waiting -= bytes
    return taken
  }

  /** All that waits as one. */
  function whole(): Buffer {
    if (queue.length > 1) queue = [Buffer.concat(queue)]
    return queue[0] ?? Buffer.alloc(0)
  }

  function opaque(): Piece<Head> | undefined {
    part = { is: 'opaque' }
    return waiting === 0 ? undefined : { is: 'opaque', bytes: take(waiting) }
  }

  function head(): Piece<Head> | undefined {
    const data = whole()
    const empty = emptyLines(data)
    if (empty > 0 && searched === 0) return { is: 'between', bytes: take(empty) }
    if (data[0] === 13 && data.length === 1 && !over) return undefined
    const end = endOfHead(data, Math.max(0, searched - 3))
    if (end === -1) {
      if (!mayGoOn(data)) return opaque()
      searched = data.length
      return over || data.length > longestHead ? opaque() : undefined
    }
    const text = data.toString('latin1', 0, end).replace(/\r?\n\r?\n$/, '')
    const read = end > longestHead ? undefined : dialect.read(text)
    const length = read && dialect.body(read)
    if (!read || length === undefined) return opaque()
    searched = 0
    beginBody(length)
    return { is: 'head', bytes: take(end), head: read, body: length }
  }

  /** What is there of a head can become one: otherwise its bytes need not wait for more. Its first line tells, once. */
  function mayGoOn(data: Buffer): boolean {
    if (data.subarray(0, searched).includes(10)) return true
    const line = data.indexOf(10, searched)
    return dialect.mayBegin(data.toString('latin1', 0, Math.min(line === -1 ? data.length : line, longestHead)))
  }

  function beginBody(length: Exclude<BodyLength, undefined>): void {
    if (length === 0) endDue = true
    else if (length === 'chunked') part = { is: 'chunks', reader: chunkReader() }
    else part = length === 'close' ? { is: 'close' } : { is: 'length', left: length }
  }

  function fixed(body: Part & { is: 'length' }): Piece<Head> {
    const bytes = take(Math.min(waiting, body.left))
    body.left -= bytes.length
    if (body.left === 0) endDue = true
    return { is: 'body', bytes, content: [bytes] }
  }

  function chunks({ reader }: Part & { is: 'chunks' }): Piece<Head> | undefined {
    const content: Buffer[] = []
    const { end, is } = reader.read(whole(), 0, content)
    if (is === 'done') endDue = true
    if (is === 'wrong') return opaque()
    return { is: 'body', bytes: take(end), content }
  }

  /** The connection ended: in the middle of a message, or where its body ends with it. */
  function last(): Piece<Head> | undefined {
    const whole = part.is === 'close'
    if (part.is === 'head' || part.is === 'opaque') return undefined
    part = { is: 'head' }
    return { is: 'end', whole }
  }

  return {
    feed(data) {
      if (data.length === 0) return
      queue.push(data)
      waiting += data.length
    },
    ended() {
      over = true
    },
    next() {
      if (endDue) {
        endDue = false
        part = { is: 'head' }
        return { is: 'end', whole: true }
      }
      if (waiting === 0) return over ? last() : undefined
      if (part.is === 'head') return head()
      if (part.is === 'length') return fixed(part)
      if (part.is === 'chunks') return chunks(part)
      if (part.is === 'opaque') return opaque()
      const bytes = take(waiting)
      return { is: 'body', bytes, content: [bytes] }
    },
    giveUp() {
      endDue = false
      part = { is: 'opaque' }
    },
    get waiting() {
      return waiting
    },
    get drained() {
      return over && waiting === 0 && !endDue && (part.is === 'head' || part.is === 'opaque')
    },
  }
}

/** Bytes of whole empty lines at the beginning. */
function emptyLines(data: Buffer): number {
  let at = 0
  for (;;) {
    if (data[at] === 10) at += 1
    else if (data[at] === 13 && data[at + 1] === 10) at += 2
    else return at
  }
}

/** Just behind the first empty line, whether its lines end with CR LF or only LF; -1: not there yet. */
function endOfHead(data: Buffer, from: number): number {
  for (let feed = data.indexOf(10, from); feed !== -1; feed = data.indexOf(10, feed + 1)) {
    if (data[feed + 1] === 10) return feed + 2
    if (data[feed + 1] === 13 && data[feed + 2] === 10) return feed + 3
  }
  return -1
}
