/** `match` of a fault at an HTTP proxy: which requests it means. */
import * as z from 'zod/mini'
import { quote, type Reading } from '../../document/quantity.ts'
import { once, readBy, refusing, says, text } from '../../document/schema-types.ts'
import { statusShape } from '../../document/shapes.ts'
import { wrongMethod, wrongPattern } from '../../document/texts.ts'
import type { HttpMatch } from '../../proxy/http/rule.ts'

/** As it is used: the requests meant, and those of them that are left alone. */
export interface MatchSpec {
  match: HttpMatch
  except: HttpMatch[]
}

const patternSays = '* stands for any characters, ~ begins a regular expression'

/** What is compared: a number may stand there too. */
const pattern = readBy(readPattern, 'text', { type: ['string', 'number'], description: `Text; ${patternSays}.` }, 'value-not-allowed')

function readPattern(source: string | number): Reading<string> {
  const written = String(source)
  if (/\$\{secret:/.test(written))
    return { ok: false, message: 'a secret cannot stand here: it is recorded and shown', fix: 'write * for any value' }
  const wrong = written.startsWith('~') ? wrongPattern(written.slice(1).trim()) : undefined
  if (wrong) return { ok: false, message: `${quote(written)} ${wrong.message}`, ...(wrong.fix !== undefined && { fix: wrong.fix }) }
  return { ok: true, value: written }
}

function readPath(source: string | number): Reading<string> {
  const written = String(source)
  if (/^[/~*]/.test(written) && !(written.includes('?') && !written.startsWith('~'))) return readPattern(written)
  const path = written.replace(/^[a-z]+:\/\/[^/]*/, '').replace(/\?.*$/, '')
  const fixed = path.startsWith('/') ? path : `/${path}`
  const message = written.includes('?') ? 'has a query, which is no part of the path' : 'a path begins with /'
  return {
    ok: false,
    message: `${quote(written)} ${message}`,
    fix: `write ${fixed}${written.includes('?') ? ' and query: { NAME: VALUE }' : ''}`,
  }
}

const path = readBy(readPath, 'a path such as /v1/charges', { type: 'string', written: ['/v1/charges', '/v1/*'] }, 'value-not-allowed')
const name = z.string().check(z.regex(/^[\w!#$%&'*+.^`|~-]+$/, { error: 'a header’s name has letters, digits and - only' }))

/** One, or a list of them. What is wrong is told of the one that was written. */
function some<T>(one: z.core.$ZodType<T>, json: Record<string, unknown>) {
  const all = z.transform((value: unknown, context): T[] => {
    const isList = Array.isArray(value)
    return (isList ? value : [value]).flatMap((item: unknown, index) => {
      const result = z.safeParse(one, item)
      if (result.success) return [result.data]
      for (const issue of result.error.issues)
        context.issues.push({ ...issue, path: [...(isList ? [index] : []), ...issue.path], input: item } as never)
      return []
    })
  })
  return z.pipe(z.unknown(), all).check(z.meta({ anyOf: [json, { type: 'array', items: json }] }))
}

const keys = () => ({
  method: says('GET, POST …: one, or a list.', z.optional(some(text.check(refusing(wrongMethod)), { type: 'string' })), 'POST', [
    'POST',
    'PUT',
  ]),
  host: says(`The host that was asked for, without its port; ${patternSays}.`, z.optional(pattern), 'api.example.com'),
  path: says(`The path, without the query; ${patternSays}.`, z.optional(path), '/v1/charges', '/v1/*'),
  query: says(`Values of the query by name; ${patternSays}.`, z.optional(z.record(z.string(), pattern)), { page: '2' }),
  headers: says(`Values of headers by name; ${patternSays}.`, z.optional(z.record(name, pattern)), { 'x-tenant': 'acme' }),
})

const spec = once(() =>
  z.pipe(
    z.strictObject({
      ...keys(),
      body: says(
        'A regular expression that is found in the body of the request (up to 1 MiB).',
        z.optional(text.check(refusing(wrongPattern))),
        'express',
      ),
      json: says(`Values in a JSON body, by path; ${patternSays}.`, z.optional(z.record(z.string(), pattern)), { 'order.type': 'express' }),
      status: says(
        'Of the real answer: one, or a list. Then what happens, happens to the answer.',
        z.optional(some(statusShape, { type: ['string', 'integer'] })),
        '2xx',
        [200, 201],
      ),
      except: says(
        'Requests that are left alone all the same, e.g. health checks: one, or a list.',
        z.optional(some(z.strictObject(keys()), { type: 'object' })),
        { path: '/health' },
      ),
    }),
    z.transform(({ except = [], ...match }): MatchSpec => ({ match: asMatch(match), except: except.map(asMatch) })),
  ),
)

/** Without keys that are not there, and statuses as texts. */
function asMatch(written: Record<string, unknown>): HttpMatch {
  const { status, ...rest } = written
  const there = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as HttpMatch
  return Array.isArray(status) ? { ...there, status: status.map(String) } : there
}

export const httpNarrows: Readonly<Record<string, z.core.$ZodType<unknown>>> = {
  get match() {
    return spec()
  },
}

/** `method POST, path /v1/charges`: without values of headers and bodies. */
export function matchWords({ match, except }: MatchSpec): string {
  const but = except.map((one) => wordsOf(one)).filter((words) => words !== '')
  const words = wordsOf(match)
  return `${words === '' ? '' : ` with ${words}`}${but.length > 0 ? `, but not with ${but.join(' or ')}` : ''}`
}

function wordsOf({ method, host, path: wanted, query, headers, body, json, status }: HttpMatch): string {
  const names = (what: string, values: Record<string, string> | undefined): string | undefined =>
    values && `${what} ${Object.keys(values).join(', ')}`
  const parts = [
    method && `method ${method.join(' or ')}`,
    host !== undefined && `host ${host}`,
    wanted !== undefined && `path ${wanted}`,
    names('query', query),
    names('header', headers),
    body !== undefined && 'a body that matches',
    names('JSON', json),
    status && `the answer ${status.join(' or ')}`,
  ]
  return parts.filter((part) => typeof part === 'string').join(' and ')
}
