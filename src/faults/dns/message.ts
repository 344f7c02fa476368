/** The part of a DNS message (RFC 1035) that has to be understood here: one question, and a short answer to it. */
import { isIP } from 'node:net'

export interface Question {
  /** In small letters, without the last dot. */
  name: string
  type: number
  /** Where the question ends in the message. */
  end: number
}

const typeA = 1
const typeAAAA = 28
const headerLength = 12

/** Null: it is an answer, holds no question or several, or is damaged. */
export function readQuestion(message: Buffer): Question | null {
  if (message.length < headerLength || (message.readUInt8(2) & 0x80) !== 0 || message.readUInt16BE(4) !== 1) return null
  const labels: string[] = []
  let at = headerLength
  for (;;) {
    const length = message[at]
    if (length === undefined || length > 63) return null // Questions are not compressed.
    at++
    if (length === 0) break
    labels.push(message.toString('latin1', at, at + length))
    at += length
  }
  if (at + 4 > message.length) return null
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at), end: at + 4 }
}

const codes = { nxdomain: 3, servfail: 2, refused: 5 } as const

/** The answer that there is none. */
export function failing(query: Buffer, question: Question, failure: keyof typeof codes): Buffer {
  return Buffer.concat([header(query, codes[failure], 0), query.subarray(headerLength, question.end)])
}

/** This address, to whoever asks for one of its kind; to all others: the name is there, and has nothing of that kind. Nobody keeps it. */
export function answering(query: Buffer, question: Question, address: string): Buffer {
  const bytes = addressBytes(address)
  const fits = question.type === (bytes.length === 4 ? typeA : typeAAAA)
  const parts = [header(query, 0, fits ? 1 : 0), query.subarray(headerLength, question.end)]
  if (fits) {
    const record = Buffer.alloc(12) // Time to live 0.
    record.writeUInt16BE(0xc000 | headerLength, 0)
    record.writeUInt16BE(question.type, 2)
    record.writeUInt16BE(1, 4)
    record.writeUInt16BE(bytes.length, 10)
    parts.push(record, bytes)
  }
  return Buffer.concat(parts)
}

function header(query: Buffer, code: number, answers: number): Buffer {
  const made = Buffer.alloc(headerLength)
  query.copy(made, 0, 0, 2)
  made.writeUInt8(0x80 | (query.readUInt8(2) & 0x79), 2) // An answer; kind of query and “recursion desired” as asked.
  made.writeUInt8(0x80 | code, 3)
  made.writeUInt16BE(1, 4)
  made.writeUInt16BE(answers, 6)
  return made
}

export function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [left = '', right] = address.replace(/%.*$/, '').split('::')
  const words = (text: string | undefined): number[] =>
    (text || '')
      .split(':')
      .filter(Boolean)
      .flatMap((word) => {
        if (!word.includes('.')) return [Number.parseInt(word, 16)]
        const [a = 0, b = 0, c = 0, d = 0] = word.split('.').map(Number)
        return [a * 256 + b, c * 256 + d]
      })
  const [before, after] = [words(left), words(right)]
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  const bytes = Buffer.alloc(16)
  all.forEach((word, index) => bytes.writeUInt16BE(word, index * 2))
  return bytes
}
