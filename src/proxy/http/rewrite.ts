/** The request as the service gets it. */
import type { Decision } from './decide.ts'
import { type Fields, type RequestHead, withoutFields, writeRequestHead } from './head.ts'
import { typeOf } from './local-answer.ts'
import { splitOnce } from './match.ts'
import { changedFields } from './reshape.ts'

export interface Rewritten {
  /** The head, and the body when that is replaced. */
  bytes: Buffer
  /** What the caller sends as body goes nowhere. */
  discards: boolean
}

export function rewriteRequest(head: RequestHead, rewrites: Decision['rewrites']): Rewritten {
  let { method, target, fields } = head
  let body: string | undefined
  for (const { act } of rewrites) {
    method = act.method ?? method
    target = rewrittenTarget(target, act.path, act.query)
    fields = changedFields(fields, act)
    body = act.body ?? body
  }
  if (body === undefined) return { bytes: writeRequestHead({ method, target, minor: head.minor, fields }), discards: false }
  const content = Buffer.from(body, 'utf8')
  const typed = fields.some(([name]) => name.toLowerCase() === 'content-type')
  // The caller need not wait for a permission to send what goes nowhere: it gets the final answer.
  const plain: Fields = [
    ...withoutFields(fields, ['content-length', 'transfer-encoding', 'trailer', 'content-encoding', 'expect']),
    ...(typed ? [] : ([['Content-Type', typeOf(body)]] satisfies Fields)),
    ['Content-Length', String(content.length)],
  ]
  return { bytes: Buffer.concat([writeRequestHead({ method, target, minor: head.minor, fields: plain }), content]), discards: true }
}

/** An empty value takes a name out of the query. */
function rewrittenTarget(target: string, path: string | undefined, query: Record<string, string> | undefined): string {
  const [, origin = '', rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)?(.*)$/i.exec(target) ?? []
  const [oldPath, oldQuery] = splitOnce(rest, '?')
  if (!query) return `${origin}${path ?? oldPath}${oldQuery === undefined ? '' : `?${oldQuery}`}`
  const asked = new URLSearchParams(oldQuery)
  for (const [name, value] of Object.entries(query)) {
    if (value === '') asked.delete(name)
    else asked.set(name, value)
  }
  const text = asked.toString()
  return `${origin}${path ?? oldPath}${text === '' ? '' : `?${text}`}`
}
