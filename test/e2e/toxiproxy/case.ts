/**
 * The words in which the behaviour of Toxiproxy's API is written down. A case is data; it knows nothing of the server that it is put to.
 *
 * In everything sent and expected `<A>` … `<F>` stand for free ports of this machine, the same within a case. In what is expected `<*>`
 * stands for any number and `<...>` for any text.
 */
import type { DeviationId } from './deviations.ts'

export interface Case {
  title: string
  steps: readonly Step[]
}

export interface Step {
  /** Method and path, just as they go over the wire. */
  ask: string
  /** A text goes as it is, all else as JSON. */
  send?: unknown
  headers?: Record<string, string>
  /** What a real Toxiproxy answers; null: it matters only that it answers. */
  gets: Answer | null
  /** What Squall answers instead, and which of its listed deviations that is. */
  ours?: { deviation: DeviationId; gets: Answer }
}

export interface Answer {
  status: number
  /** Content-Type; null: there is none. */
  type: string | null
  /** The whole body. */
  body: string
  /** Further headers that it must have. */
  headers?: Record<string, string>
  /** Whether a handler of Toxiproxy gave the answer, which then has an id, rather than its router. */
  hasId: boolean
}

export const ok = (body: string): Answer => ({ status: 200, type: 'application/json', body, hasId: true })
export const created = (body: string): Answer => ({ ...ok(body), status: 201 })
export const gone: Answer = { status: 204, type: null, body: '', hasId: true }
const noSniff = { 'x-content-type-options': 'nosniff' }
const plain = 'text/plain; charset=utf-8'

/** An error is JSON and says that it is plain text. */
export function refused(status: number, error: string): Answer {
  return { status, type: plain, body: `{"error":${JSON.stringify(error)},"status":${status}}\n`, headers: noSniff, hasId: true }
}

/** Errors of /populate are what they say they are. `proxies`: JSON of those that were made before. */
export function notPopulated(status: number, error: string, proxies = 'null'): Answer {
  return {
    status,
    type: 'application/json',
    body: `{"error":${JSON.stringify(error)},"status":${status},"proxies":${proxies}}`,
    hasId: true,
  }
}

export const badBody = (reason: string): Answer => refused(400, `bad request body: ${reason}`)
export const noPage: Answer = { status: 404, type: plain, body: '404 page not found\n', headers: noSniff, hasId: false }
export const noMethod: Answer = { status: 405, type: null, body: '', hasId: false }
export const movedTo = (location: string): Answer => ({ status: 301, type: null, body: '', headers: { location }, hasId: false })
export const noBrowsers: Answer = { status: 403, type: plain, body: 'User agent not allowed\n', headers: noSniff, hasId: true }

/** A proxy as it stands in answers: the order of its keys, and `Logger`, are as they are on the wire. */
export function proxy(name: string, listen: string, upstream: string, { enabled = true, toxics = [] as readonly string[] } = {}): string {
  const quoted = JSON.stringify(name)
  return `{"name":${quoted},"listen":"${listen}","upstream":"${upstream}","enabled":${enabled},"Logger":{},"toxics":[${toxics.join(',')}]}`
}

/** A toxic as it stands in answers. */
export function toxic(
  type: string,
  attributes: Record<string, number>,
  more: { name?: string; stream?: string; toxicity?: number } = {},
): string {
  const { stream = 'downstream', name = `${type}_${stream}`, toxicity = 1 } = more
  return JSON.stringify({ attributes, name, type, stream, toxicity })
}
