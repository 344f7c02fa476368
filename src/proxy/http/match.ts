/** Does a rule mean this request? Patterns are compiled once. */
import { type AnswerHead, type RequestHead, valuesOf } from './head.ts'
import type { HttpMatch, Pattern } from './rule.ts'

/** What a rule can look at. Host and path are worked out once for all rules. */
export interface Asked {
  head: RequestHead
  /** Lower case, without its port. */
  host: string
  path: string
  readonly query: URLSearchParams
}

export interface Matcher {
  /** By everything but body and answer. */
  request(asked: Asked): boolean
  /** By the body; undefined: it plays no part. */
  body?: (body: Buffer) => boolean
  /** By the real answer; undefined: it plays no part. */
  answer?: (head: AnswerHead) => boolean
}

export function askedOf(head: RequestHead): Asked {
  const [, authority, rest = head.target] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)(.*)$/i.exec(head.target) ?? []
  const [path, query = ''] = splitOnce(rest, '?')
  const host = authority ?? valuesOf(head.fields, 'host')[0] ?? ''
  let read: URLSearchParams | undefined
  return {
    head,
    host: withoutPort(host).toLowerCase(),
    path: path === '' ? '/' : path,
    get query() {
      return (read ??= new URLSearchParams(query))
    },
  }
}

export function splitOnce(text: string, at: string): [string, string?] {
  const index = text.indexOf(at)
  return index === -1 ? [text] : [text.slice(0, index), text.slice(index + at.length)]
}

function withoutPort(host: string): string {
  return host.replace(/^.*@/, '').replace(/:\d*$/, '')
}

export function compileMatch(match: HttpMatch): Matcher {
  const tests: ((asked: Asked) => boolean)[] = []
  if (match.method) tests.push(({ head }) => match.method?.includes(head.method) ?? false)
  if (match.host !== undefined) tests.push(testOn(match.host.toLowerCase(), ({ host }) => [host]))
  if (match.path !== undefined) tests.push(testOn(match.path, ({ path }) => [path]))
  for (const [name, pattern] of Object.entries(match.headers ?? {}))
    tests.push(testOn(pattern, ({ head }) => valuesOf(head.fields, name.toLowerCase())))
  for (const [name, pattern] of Object.entries(match.query ?? {})) tests.push(testOn(pattern, ({ query }) => query.getAll(name)))
  const body = bodyTest(match)
  return {
    request: (asked) => tests.every((test) => test(asked)),
    ...(body && { body }),
    ...(match.status && { answer: ({ status }: AnswerHead) => match.status?.some((wanted) => isStatus(status, wanted)) ?? false }),
  }
}

function testOn(pattern: Pattern, values: (asked: Asked) => readonly string[]): (asked: Asked) => boolean {
  const test = compilePattern(pattern)
  return (asked) => values(asked).some((value) => test(value))
}

export function compilePattern(pattern: Pattern): (text: string) => boolean {
  if (pattern.startsWith('~')) {
    const expression = new RegExp(pattern.slice(1).trim())
    return (text) => expression.test(text)
  }
  if (!pattern.includes('*')) return (text) => text === pattern
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  const expression = new RegExp(`^${parts.join('.*')}$`, 's')
  return (text) => expression.test(text)
}

function isStatus(status: number, wanted: string): boolean {
  return wanted.endsWith('xx') ? String(status)[0] === wanted[0] : String(status) === wanted
}

function bodyTest({ body, json }: HttpMatch): ((bytes: Buffer) => boolean) | undefined {
  if (body === undefined && json === undefined) return undefined
  const found = body === undefined ? undefined : new RegExp(body)
  const values = Object.entries(json ?? {}).map(([path, pattern]) => [path.split('.'), compilePattern(pattern)] as const)
  return (bytes) => {
    const text = bytes.toString('utf8')
    if (found && !found.test(text)) return false
    return values.every(([path, test]) => {
      const value = valueAt(text, path)
      return value !== undefined && test(value)
    })
  }
}

/** The value as text; undefined: not there, or no JSON. */
function valueAt(text: string, path: readonly string[]): string | undefined {
  try {
    let value: unknown = JSON.parse(text)
    for (const key of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
      value = (value as Record<string, unknown>)[key]
    }
    return typeof value === 'object' ? JSON.stringify(value) : String(value)
  } catch {
    return undefined
  }
}

/** Method, host and path of a request, for people: no values of the query, nothing that could break a line. */
export function requestWords({ head, path, query }: Asked): string {
  const names = [...new Set(query.keys())]
  const asked = names.length === 0 ? '' : `?${names.map((name) => `${name}=…`).join('&')}`
  const shown = `${path}${asked}`.replace(/[^\x21-\x7e…]/g, '?')
  return `${head.method} ${shown.length > 200 ? `${shown.slice(0, 200)}…` : shown}`
}
