/**
 * Answers that are broken in ways that real ones are. `truncate`: the body ends early and the message says that this is all, so that only
 * what reads the body can tell. `cut`: the connection ends in the middle of the body. `chunk`: a chunk whose size is no number. `json`: the
 * first byte of the body becomes one with which no JSON begins. `too-long`, `too-short`: the length that is told is not that of the body.
 */
import type { ActOf } from './decide.ts'
import { type AnswerHead, type Fields, withoutFields, writeAnswerHead } from './head.ts'
import type { Passing, Shaper } from './reshape.ts'

export type Damaged = Omit<Shaper, 'acted'>

/** Bytes of a body of unknown length that are looked at to find where to cut; of a longer one this much counts. */
const looksAt = 1024 * 1024
/** Bytes by which a length is wrong, at least 1 and never more than the body. */
const wrongBy = 100

/** Undefined: there is nothing that could be damaged. */
export function damaged(passing: Passing, { how, keep }: ActOf<'damage'>): Damaged | undefined {
  const { body, request, head } = passing
  if (request.method === 'HEAD' || body === 0) return undefined
  if (how === 'json') return brokenJson(passing)
  if (how === 'chunk') return head.minor === 1 && request.minor === 1 ? brokenChunk(passing) : undefined
  if (how === 'cut') return cut(passing, keep)
  if (how === 'truncate') return truncated(passing, keep)
  return wrongLength(passing, how === 'too-long')
}

function brokenJson({ bytes, head }: Passing): Damaged {
  const encoded = head.fields.some(([name]) => name.toLowerCase() === 'content-encoding')
  let due = true
  return {
    // Compressed content cannot be touched: what is left says that it is not compressed.
    head: encoded ? reheaded(head, withoutFields(head.fields, ['content-encoding'])) : bytes,
    body: (raw, content) => {
      const first = content.find((part) => part.length > 0)
      if (due && first) {
        first[0] = 0x7d // }
        due = false
      }
      return [raw]
    },
    end: () => [],
    isCut: () => false,
    whole: true,
    status: head.status,
  }
}

function brokenChunk({ head }: Passing): Damaged {
  const fields: Fields = [...withoutFields(head.fields, ['content-length', 'transfer-encoding']), ['Transfer-Encoding', 'chunked']]
  return {
    head: Buffer.concat([reheaded(head, fields), Buffer.from('zz\r\n')]),
    body: () => [],
    end: () => [],
    isCut: () => true,
    whole: false,
    status: head.status,
  }
}

/** The bytes as they come, up to a part of the body. Of a body of unknown length: of its first piece. */
function cut({ bytes, head, body }: Passing, keep: number): Damaged {
  let left = typeof body === 'number' ? Math.floor(body * keep) : undefined
  let isCut = left === 0
  return {
    head: bytes,
    body: (raw) => {
      left ??= Math.floor(raw.length * keep)
      const part = raw.subarray(0, left)
      left -= part.length
      isCut = left === 0
      return [part]
    },
    end: () => [],
    isCut: () => isCut,
    whole: false,
    status: head.status,
  }
}

function truncated({ head, body }: Passing, keep: number): Damaged {
  if (typeof body === 'number') {
    const length = Math.floor(body * keep)
    let left = length
    return {
      head: reheaded(head, withLength(head, length)),
      body: (raw) => {
        const part = raw.subarray(0, left)
        left -= part.length
        return part.length === 0 ? [] : [part]
      },
      end: () => [],
      isCut: () => false,
      whole: true,
      status: head.status,
    }
  }
  const kept: Buffer[] = []
  let size = 0
  return {
    head: Buffer.alloc(0),
    body: (_raw, content) => {
      for (const part of content) {
        if (size < looksAt) kept.push(part)
        size += part.length
      }
      return []
    },
    end: () => {
      const all = Buffer.concat(kept)
      const part = all.subarray(0, Math.floor(Math.min(all.length, looksAt) * keep))
      return [reheaded(head, withLength(head, part.length)), part]
    },
    isCut: () => false,
    whole: true,
    status: head.status,
  }
}

/** A length that is wrong needs one that is told: a body of unknown length is given one that is far too great, or none. */
function wrongLength({ head, body }: Passing, tooLong: boolean): Damaged {
  const real = typeof body === 'number' ? body : tooLong ? looksAt : 0
  const told = tooLong ? real + wrongBy : Math.max(0, real - Math.max(1, Math.min(wrongBy, Math.ceil(real / 2))))
  return {
    head: reheaded(head, withLength(head, told)),
    body: (_raw, content) => content,
    end: () => [],
    isCut: () => false,
    whole: !tooLong,
    status: head.status,
  }
}

function withLength(head: AnswerHead, length: number): Fields {
  return [...withoutFields(head.fields, ['content-length', 'transfer-encoding', 'trailer']), ['Content-Length', String(length)]]
}

function reheaded(head: AnswerHead, fields: Fields): Buffer {
  return writeAnswerHead({ ...head, fields })
}
