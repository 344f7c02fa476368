/** The Docker Engine API, as far as faults need it: plain HTTP over the engine's socket, each call bounded in time. */
import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { SquallError } from '../../errors.ts'
import { type EngineAddress, engineAddress } from './docker-address.ts'

export interface CallOptions {
  query?: Readonly<Record<string, string | number | boolean | undefined>>
  /** Becomes JSON; a Buffer goes as it is, as a tar archive. */
  body?: unknown
  /** ms; default 20 s. The engine is not told when it passes: what was asked may still happen. */
  timeout?: number
  signal?: AbortSignal
  /** The answer's text instead of its JSON. */
  text?: true
}

export interface Engine {
  readonly address: EngineAddress
  /** @throws EngineError when the engine says no; SquallError `docker-unreachable` when it says nothing */
  call<T = unknown>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, options?: CallOptions): Promise<T>
}

/** The engine understood and refused: 304 not modified, 404 no such container, 409 conflict … */
export class EngineError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** True for a container, network or image that is not there. */
export function isGone(error: unknown): boolean {
  return error instanceof EngineError && error.status === 404
}

/** API 1.41 is what Docker 20.10 and newer speak; those that have dropped it say from which version on. */
const wantedApi = '1.41'
const defaultTimeout = 20_000
/** A list of all containers of a large machine is some MB. */
const longestAnswer = 64 * 1024 * 1024

/** What each engine speaks, by its address: asked once, since every question may take seconds through a slow tunnel. */
const spoken = new Map<string, string>()

export function openEngine(address: EngineAddress = engineAddress()): Engine {
  const call = async <T>(method: string, path: string, options: CallOptions = {}): Promise<T> => {
    const api = spoken.get(address.url) ?? (await spokenApi(address, options))
    spoken.set(address.url, api)
    const { status, body } = await exchange(address, method, `/v${api}${path}${queryText(options.query)}`, options)
    if (status >= 300) throw new EngineError(status, messageOf(body, status))
    if (options.text) return body as T
    return (body === '' ? null : JSON.parse(body)) as T
  }
  return { address, call }
}

/** The version we ask for, or the nearest that this engine speaks. */
async function spokenApi(address: EngineAddress, { signal, timeout }: CallOptions): Promise<string> {
  const { status, body } = await exchange(address, 'GET', '/version', { ...(signal && { signal }), ...(timeout && { timeout }) })
  if (status !== 200) throw new EngineError(status, messageOf(body, status))
  const { ApiVersion: newest, MinAPIVersion: oldest = '1.12' } = JSON.parse(body) as { ApiVersion: string; MinAPIVersion?: string }
  if (minor(newest) < minor(wantedApi)) return newest
  return minor(oldest) > minor(wantedApi) ? oldest : wantedApi
}

function minor(version: string): number {
  return Number(version.split('.')[1])
}

function queryText(query: CallOptions['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]]))
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`
}

function messageOf(body: string, status: number): string {
  try {
    return (JSON.parse(body) as { message: string }).message
  } catch {
    return body.trim() || `the engine answered ${status}`
  }
}

interface Answer {
  status: number
  body: string
}

function exchange(address: EngineAddress, method: string, path: string, options: CallOptions): Promise<Answer> {
  const { body, timeout = defaultTimeout, signal } = options
  const payload = body === undefined || Buffer.isBuffer(body) ? (body as Buffer | undefined) : Buffer.from(JSON.stringify(body))
  const type = Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json'
  const headers = payload ? { 'content-type': type, 'content-length': payload.length } : { 'content-length': 0 }
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const send = address.tls ? httpsRequest : httpRequest
  // No agent: a connection kept open could be one that the engine has closed meanwhile.
  const request = send({ ...wayTo(address), method, path, headers, agent: false }, (response) => collect(response, resolve, reject))
  const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeout / 1000} s`)), timeout)
  const stop = (): void => void request.destroy(new Error('stopped'))
  signal?.addEventListener('abort', stop, { once: true })
  request.once('error', reject)
  if (signal?.aborted) stop()
  request.end(payload)
  return promise
    .catch((error: NodeJS.ErrnoException) => {
      throw unreachable(address, error)
    })
    .finally(() => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
    })
}

function wayTo({ url, tls }: EngineAddress): RequestOptions {
  if (url.startsWith('unix://')) return { socketPath: url.slice('unix://'.length), host: 'docker' }
  const { hostname, port } = new URL(url)
  const file = (path: string | undefined): Buffer | undefined => (path === undefined ? undefined : readFileSync(path))
  const secured = tls && { ca: file(tls.ca), cert: file(tls.cert), key: file(tls.key), rejectUnauthorized: tls.unverified !== true }
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port || (tls ? 2376 : 2375), ...secured }
}

function collect(response: IncomingMessage, resolve: (answer: Answer) => void, reject: (error: Error) => void): void {
  const pieces: Buffer[] = []
  let size = 0
  response.on('data', (piece: Buffer) => {
    size += piece.length
    if (size > longestAnswer) response.destroy(new Error('the answer is longer than 64 MiB'))
    else pieces.push(piece)
  })
  response.once('error', reject)
  response.once('aborted', () => reject(new Error('the answer broke off')))
  response.once('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString('utf8') }))
}

function unreachable({ url }: EngineAddress, error: NodeJS.ErrnoException): SquallError {
  const why =
    error.code === 'ENOENT' ? 'its socket is not there' : error.code === 'EACCES' ? 'its socket is not ours to use' : error.message
  return new SquallError('docker-unreachable', `the Docker engine at ${url} cannot be reached: ${why}`, { cause: error })
}
