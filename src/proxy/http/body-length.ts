/** Where the body of a message ends (RFC 9112 §6.3). What two programs could read differently is not followed at all. */
import { type AnswerHead, type Fields, type RequestHead, valuesOf, wordsOf } from './head.ts'

/** A number of bytes; chunks; until the connection closes; undefined: ambiguous. */
export type BodyLength = number | 'chunked' | 'close' | undefined

export function requestBody({ fields, minor }: RequestHead): BodyLength {
  const length = declared(fields, minor)
  return length === 'none' ? 0 : length === 'close' ? undefined : length
}

/** `method`: of the request that it answers. */
export function answerBody({ status, fields, minor }: AnswerHead, method: string): BodyLength {
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD' || (method === 'CONNECT' && status < 300)) return 0
  const length = declared(fields, minor)
  return length === 'none' ? 'close' : length
}

function declared(fields: Fields, minor: 0 | 1): BodyLength | 'none' {
  const codings = wordsOf(fields, 'transfer-encoding')
  const lengths = new Set(valuesOf(fields, 'content-length'))
  if (codings.length > 0) {
    if (lengths.size > 0 || minor === 0) return undefined
    const chunked = codings.filter((coding) => coding === 'chunked').length
    if (chunked === 0) return 'close'
    return chunked === 1 && codings.at(-1) === 'chunked' ? 'chunked' : undefined
  }
  if (lengths.size === 0) return 'none'
  const [length = ''] = lengths
  return lengths.size === 1 && /^\d{1,15}$/.test(length) ? Number(length) : undefined
}
