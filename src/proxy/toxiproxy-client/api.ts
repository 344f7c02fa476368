/** One call of a Toxiproxy server's API. Its API can hang for ever, so each call has a limit. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { SquallError } from '../../errors.ts'

export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Segments of the path, as they are. */
  path: readonly string[]
  body?: unknown
  /** ms for the whole answer. */
  limit: number
  /**
   * When the limit has passed the call is not taken back but goes on, and this hears when it can have no effect any more: a server that
   * hangs still does what lies in its socket when it wakes.
   */
  onEnd?(): void
}

export interface Answer {
  status: number
  /** JSON; null when it was none. */
  data: unknown
  text: string
}

const biggest = 4 * 1024 * 1024

/** A status that says no is an answer. @throws SquallError when there is none, or not in time */
export async function callApi(base: string, call: Call): Promise<Answer> {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${call.path.map(encodeURIComponent).join('/')}`
  const request = url.protocol === 'https:' ? (await import('node:https')).request : httpRequest
  const body = call.body === undefined ? undefined : JSON.stringify(call.body)
  const headers = { 'user-agent': 'squall', ...(body !== undefined && { 'content-type': 'application/json' }) }
  // A connection for each call: one that was kept could be closed by the server at the very moment it is used.
  const asked = request(url, { method: call.method, headers, agent: false })
  asked.once('close', () => call.onEnd?.())
  asked.end(body)
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: Error): void => reject(notUsable(`the Toxiproxy server at ${where(base)} ${why}`, cause))
    const timer = setTimeout(() => {
      if (call.onEnd) asked.socket?.unref()
      else asked.destroy()
      fail(`did not answer within ${call.limit / 1000} s`)
    }, call.limit)
    asked.once('close', () => clearTimeout(timer))
    asked.on('error', (error: NodeJS.ErrnoException) => fail(`cannot be reached: ${error.message || error.code}`, error))
    readAnswer(asked, resolve, fail)
  })
}

function readAnswer(asked: ClientRequest, resolve: (answer: Answer) => void, fail: (why: string, cause?: Error) => void): void {
  asked.on('response', (response: IncomingMessage) => {
    const chunks: Buffer[] = []
    let size = 0
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > biggest) asked.destroy(new Error('its answer is too big'))
    })
    response.on('error', (error: Error) => fail(`broke off its answer: ${error.message}`, error))
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      resolve({ status: response.statusCode ?? 0, text, data: parse(text) })
    })
  })
}

export function notUsable(sentence: string, cause?: Error): SquallError {
  return new SquallError('toxiproxy-not-usable', sentence, { cause })
}

/** What the server said, in its own words. */
export function refusal({ status, text, data }: Answer): string {
  const said = typeof data === 'object' && data !== null && 'error' in data ? String(data.error) : text.replace(/<[^>]*>/g, ' ').trim()
  return `${said.slice(0, 300) || 'no reason'} (HTTP ${status})`
}

/** Without a name and password that may stand in it. */
export function where(base: string | URL): string {
  const { origin, pathname } = new URL(base)
  return origin + pathname.replace(/\/+$/, '')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
