/** The HTTP server of the API: from a request to an answer within a second, whatever was sent. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { monotonicMs } from '../../system/clock.ts'
import { type Answer, ApiError } from './answer.ts'
import type { Collection } from './collection.ts'
import type { Guard } from './guard.ts'
import type { Log } from './log.ts'
import { requestPath } from './path.ts'
import { newRequestId } from './request-id.ts'
import { errorAnswer, plainText, type Route, routes, tooLate } from './routes.ts'

export interface ApiOptions {
  collection: Collection
  guard(): Guard
  /** Calls wait for it: the proxies of the files are there before anybody sees the list. */
  ready: Promise<unknown>
  log: Log
  /** What `/metrics` says; null: there is no such page. */
  metrics: (() => Answer) | null
}

/** Bytes of a body. */
const longestBody = 1024 * 1024
/** ms until a call is answered in any case. */
const longestCall = 950

export function apiServer(options: ApiOptions): Server {
  const { metrics } = options
  const all: readonly Route[] = metrics ? [...routes, { handler: 'Metrics', methods: 'any', path: /^\/metrics$/, run: metrics }] : routes
  const patience = { requestTimeout: 15_000, headersTimeout: 15_000, keepAliveTimeout: 60_000, connectionsCheckingInterval: 5_000 }
  const server = createServer(patience, (request, response) => void respond(request, response, all, options))
  // A client may end its half when it has asked, and still gets its answer.
  Object.assign(server, { httpAllowHalfOpen: true })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request'
    socket.end(`HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`)
  })
  return server
}

async function respond(request: IncomingMessage, response: ServerResponse, all: readonly Route[], options: ApiOptions): Promise<void> {
  request.on('error', () => {}) // The client went away: nobody to tell.
  response.on('error', () => {})
  await options.ready
  const { method = '', url = '', headers } = request
  const refusal = options.guard().refusal(headers.host, headers.origin)
  if (refusal !== null) return send(request, response, errorAnswer(new ApiError(refusal, 403)))
  const target = requestPath(url)
  if (!target)
    return send(request, response, {
      status: 400,
      type: 'text/plain; charset=utf-8',
      body: '400 Bad Request',
      headers: { Connection: 'close' },
    })
  if (target.redirect !== null) return send(request, response, { status: 301, body: '', headers: { Location: target.redirect } })
  const there = all.filter(({ path }) => path.test(target.path))
  const route = there.find(({ methods }) => methods === 'any' || methods.includes(method))
  if (!route) return send(request, response, there.length > 0 ? { status: 405, body: '' } : plainText('404 page not found', 404))
  await run(request, response, route, target.path, options)
}

async function run(request: IncomingMessage, response: ServerResponse, route: Route, path: string, options: ApiOptions): Promise<void> {
  const id = newRequestId()
  const began = monotonicMs()
  response.setHeader('X-Toxiproxy-Request-Id', id)
  const answer = await answerTo(request, route, path, options)
  if (answer === null) return // The client went away.
  send(request, response, answer)
  const { method = '', url = '' } = request
  if (route.methods !== 'any' && route.methods.includes('PATCH') && method === 'POST')
    options.log('warn', `${route.handler}: HTTP method POST is deprecated. Use HTTP PATCH instead.`, { request_id: id })
  options.log('debug', '', {
    request_id: id,
    client: `${request.socket.remoteAddress ?? ''}:${request.socket.remotePort ?? ''}`,
    method,
    url,
    user_agent: request.headers['user-agent'] ?? '',
    status: answer.status,
    size: Buffer.byteLength(answer.body),
    duration: Math.round((monotonicMs() - began) * 1000) / 1000,
    handler: route.handler,
  })
}

async function answerTo(request: IncomingMessage, route: Route, path: string, { collection, log }: ApiOptions): Promise<Answer | null> {
  if (request.headers['user-agent']?.startsWith('Mozilla/')) return plainText('User agent not allowed', 403)
  try {
    const body = await bodyOf(request)
    if (body === null) return null
    return await inTime(Promise.resolve(route.run(collection, body, ...(route.path.exec(path) ?? []).slice(1))))
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500)
      log('warn', `${route.handler} failed`, { error: error instanceof Error ? error.message : String(error) })
    return errorAnswer(error)
  }
}

/** Null when the client went away before its end. */
function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    let timer: NodeJS.Timeout | undefined
    // With an upgrade the parser does not mind that the rest will never come.
    const cut = (): void => void (request.complete || request.destroy())
    const tooLong = (): void => reject(new ApiError(`the body is longer than ${longestBody} bytes`, 413))
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= longestBody) chunks.push(chunk)
      // Who is still sending reads no answer: the rest is awaited, for a while.
      else timer ??= setTimeout(tooLong, longestCall / 2)
    })
    request.on('end', () => (length > longestBody ? tooLong() : resolve(Buffer.concat(chunks))))
    request.socket.on('end', cut)
    if (request.socket.readableEnded) cut()
    request.on('close', () => {
      request.socket.off('end', cut)
      clearTimeout(timer)
      resolve(null)
    })
  })
}

/** @throws ApiError 503 when it takes too long */
function inTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(tooLate()), longestCall)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body, headers = {} }: Answer): void {
  // What is left of the body is thrown away, so that the connection can be used again; after one that was too long it is not.
  if (status === 413) response.setHeader('Connection', 'close')
  else request.resume()
  const length = status === 204 || request.method === 'HEAD' ? {} : { 'Content-Length': Buffer.byteLength(body) }
  response.writeHead(status, { ...(type === undefined ? {} : { 'Content-Type': type }), ...length, ...headers })
  response.end(body, () => {
    if (status === 413) request.destroy()
  })
}
