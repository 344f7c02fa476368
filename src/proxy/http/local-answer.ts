/** Answers given in place of the service. */
import { STATUS_CODES } from 'node:http'
import { type Fields, type RequestHead, withoutFields, wordsOf, writeAnswerHead } from './head.ts'

export interface LocalAnswer {
  status: number
  fields: Record<string, string>
  body: string
}

/** Tells people who look at an answer that it was made by a fault, and by which. */
export const madeBy = 'Squall-Fault'

export interface BuiltAnswer {
  bytes: Buffer
  /** The connection cannot be used for another request. */
  closes: boolean
}

export function buildAnswer({ status, fields, body }: LocalAnswer, request: RequestHead, fault: string): BuiltAnswer {
  const content = Buffer.from(body, 'utf8')
  const bodyless = status === 204 || status === 304
  // A caller that waits for “100 Continue” may or may not send its body after this: only the end of the connection makes that clear.
  const closes = wordsOf(request.fields, 'expect').length > 0 || !keepsAlive(request)
  const own: Fields = Object.entries(fields)
  const all: Fields = [
    ...withoutFields(own, ['content-length', 'connection']),
    ...(content.length > 0 && !bodyless && !own.some(([name]) => name.toLowerCase() === 'content-type')
      ? ([['Content-Type', typeOf(body)]] satisfies Fields)
      : []),
    ...(bodyless ? [] : ([['Content-Length', String(content.length)]] satisfies Fields)),
    [madeBy, fault],
    ...(closes || request.minor === 0 ? ([['Connection', closes ? 'close' : 'keep-alive']] satisfies Fields) : []),
  ]
  const head = writeAnswerHead({ status, reason: reasonOf(status), minor: 1, fields: all })
  return { bytes: request.method === 'HEAD' || bodyless ? head : Buffer.concat([head, content]), closes }
}

export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? ''
}

export function typeOf(body: string): string {
  return /^\s*[[{]/.test(body) ? 'application/json' : 'text/plain; charset=utf-8'
}

function keepsAlive({ fields, minor }: RequestHead): boolean {
  const words = wordsOf(fields, 'connection')
  return minor === 1 ? !words.includes('close') : words.includes('keep-alive')
}
