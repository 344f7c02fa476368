/** How a request ended, and who is to blame: the target (error, timeout) or this machine (not sent). */
import type { Traffic } from '../../document/experiment.ts'
import { followPath, parseFieldPath } from '../field-path.ts'

export type Outcome = 'ok' | 'error' | 'timeout' | 'notSent'

/** Bytes of a body that are kept to look for `ok.body`; what comes later is read and dropped. */
export const bodyKept = 1024 * 1024

export interface Answer {
  good(status: number): boolean
  body: RegExp | null
  /** The id that a good answer acknowledges, null when it has none. */
  id: ((body: string) => string | null) | null
}

/** @throws SyntaxError when `ok.body` is no regular expression, or `ids` no path. */
export function answerRule({ ok, ids }: Pick<Traffic, 'ok' | 'ids'>): Answer {
  const exact = new Set<number>()
  const classes = new Set<number>()
  for (const status of ok.status) {
    if (typeof status === 'number') exact.add(status)
    else classes.add(Number(status[0]))
  }
  return {
    good: (status) => exact.has(status) || classes.has(Math.floor(status / 100)),
    body: ok.body === undefined ? null : new RegExp(ok.body),
    id: ids === undefined ? null : idReader(ids),
  }
}

function idReader(ids: string): (body: string) => string | null {
  const path = parseFieldPath(ids)
  if (!path) throw new SyntaxError(`“${ids}” in ids is no field path`)
  return (body) => {
    try {
      const way = followPath(JSON.parse(body), path)
      const found = 'found' in way ? way.found : null
      return typeof found === 'string' || typeof found === 'number' ? String(found) : null
    } catch {
      return null // Not JSON.
    }
  }
}

/** Descriptors, local ports, memory: a request that fails by these never had a chance to reach the target. */
const ownLimits = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM', 'UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED'])

const words: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  UND_ERR_SOCKET: 'connection closed by the other side',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  ETIMEDOUT: 'no connection in time',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'name server does not answer',
  EMFILE: 'own limit of open files',
  ENFILE: 'own limit of open files',
  EADDRNOTAVAIL: 'own limit of local ports',
  ENOBUFS: 'own limit of memory',
  ENOMEM: 'own limit of memory',
}

/** Names an error of the connection in words and says whose it is. */
export function blame(error: Error): { outcome: 'error' | 'notSent'; reason: string } {
  const code = codeOf(error)
  const outcome = code !== undefined && ownLimits.has(code) ? 'notSent' : 'error'
  const known = code === undefined ? undefined : words[code]
  return { outcome, reason: known ? `${known} (${code})` : code ? `${error.message} (${code})` : error.message }
}

/** With several addresses tried Node joins the errors: our own limit shows only in one of them. */
function codeOf(error: Error): string | undefined {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  if (error instanceof AggregateError) {
    const codes = error.errors.map((one) => (one as NodeJS.ErrnoException).code)
    return codes.find((one) => one !== undefined && ownLimits.has(one)) ?? (typeof code === 'string' ? code : codes[0])
  }
  if (code === 'UND_ERR_SOCKET' && cause instanceof Error && codeOf(cause) !== undefined) return codeOf(cause)
  return typeof code === 'string' ? code : undefined
}
