/** The parameters of `type: http` as they are written. */
import * as z from 'zod/mini'
import { quote, type Reading } from '../../document/quantity.ts'
import { bandwidth, count, duration, once, rate, readBy, refusing, says, share, text } from '../../document/schema-types.ts'
import { wrongMethod } from '../../document/texts.ts'
import { together } from './http-together.ts'

const distributions = ['uniform', 'normal', 'lognormal'] as const
const places = ['request', 'answer'] as const
const ways = ['hang', 'reset', 'close'] as const
export const damages = ['truncate', 'cut', 'chunk', 'json', 'too-long', 'too-short'] as const

const status = readBy(
  readFinalStatus,
  'a status such as 503',
  { type: 'integer', minimum: 200, maximum: 599, written: [503, 429] },
  'value-not-allowed',
)
const lost = readBy(
  readLost,
  'reset, close, hang or a status such as 502',
  { anyOf: [{ enum: [...ways] }, { type: 'integer', minimum: 200, maximum: 599 }], written: ['reset', 502] },
  'value-not-allowed',
)

function readFinalStatus(source: string | number): Reading<number> {
  const value = Number(source)
  if (Number.isInteger(value) && value >= 200 && value <= 599) return { ok: true, value }
  return { ok: false, message: `${quote(String(source))} is no status of an answer`, fix: 'write one from 200 to 599, e.g. 503' }
}

function readLost(source: string | number): Reading<(typeof ways)[number] | number> {
  const word = ways.find((one) => one === source)
  if (word) return { ok: true, value: word }
  const found = readFinalStatus(source)
  return found.ok
    ? found
    : {
        ok: false,
        message: `${quote(String(source))} is no way to lose an answer`,
        fix: 'write reset, close, hang or a status such as 502',
      }
}

/** Text, or data that becomes JSON. */
const body = z
  .pipe(
    z.unknown().check(
      z.refine((value) => !/\$\{secret:\w+\}/.test(JSON.stringify(value) ?? ''), {
        error: 'a secret cannot stand here: it is recorded and shown',
        params: { code: 'secret-not-here', fix: 'write another value' },
      }),
    ),
    z.transform((value) => (typeof value === 'string' ? value : JSON.stringify(value))),
  )
  .check(z.meta({ description: 'Text, or data that becomes JSON.', written: [{ error: 'unavailable' }] }))

/** These say where a message ends: a wrong one would break it in a way that nobody asked for. */
const framing = /^(content-length|transfer-encoding|connection)$/i

const headerName = z.string().check(
  z.regex(/^[\w!#$%&'*+.^`|~-]+$/, { error: 'a header’s name has letters, digits and - only' }),
  z.refine((name) => !framing.test(name), { error: 'this header says where the message ends: for a wrong length write damage: too-long' }),
)
const headerValue = readBy(readHeader, 'text', { type: ['string', 'number'] }, 'value-not-allowed')

function readHeader(source: string | number): Reading<string> {
  const value = String(source)
  if (/\$\{secret:/.test(value))
    return { ok: false, message: 'a secret cannot stand here: it is recorded and shown', fix: 'write another value' }
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
    return { ok: false, message: 'a header has visible characters on one line', fix: 'write it on one line, in Latin letters' }
  return { ok: true, value }
}

const headers = z.record(headerName, headerValue)
const names = z.array(headerName, { error: 'expected a list such as [authorization, cookie]' })
const path = text.check(
  refusing((value) =>
    /^\/[\x21-\x7e]*$/.test(value) && !/[?#]/.test(value)
      ? undefined
      : { message: 'a path begins with / and has no query', fix: 'write e.g. /v2/charges' },
  ),
)
const least = (what: string) =>
  count.check(z.refine((value) => value > 0, { error: `${what} of 0 would mean never`, params: { fix: 'write 1 or more' } }))

const change = () =>
  z.strictObject({
    status: says('The status.', z.optional(status)),
    headers: says('Headers to set, by name.', z.optional(headers), { 'cache-control': 'max-age=3600' }),
    remove: says('Names of headers to remove.', z.optional(names), ['etag']),
    body: z.optional(says('The body; its length is made right.', body)),
  })

const rewrite = () =>
  z.strictObject({
    method: says('The method.', z.optional(text.check(refusing(wrongMethod))), 'PUT'),
    path: says('The path; the query stays.', z.optional(path), '/v2/charges'),
    query: says('Values of the query by name; an empty one removes it.', z.optional(z.record(z.string(), headerValue)), { page: '2' }),
    headers: says('Headers to set, by name.', z.optional(headers), { authorization: 'Bearer expired' }),
    remove: says('Names of headers to remove.', z.optional(names), ['authorization', 'cookie']),
    body: z.optional(says('The body; its length is made right.', body)),
  })

const quota = () =>
  z.strictObject({
    calls: says('So many calls pass in each window.', least('a quota'), 100),
    per: says(
      'How long a window is.',
      duration.check(z.refine((value) => value > 0, { error: 'a window must last', params: { fix: 'write e.g. 1m' } })),
      '1m',
    ),
    status: says('With which the others are answered; default 429.', z.optional(status)),
  })

const keys = () =>
  z.strictObject({
    delay: says('The call takes this much longer.', z.optional(duration), '500ms', '5s'),
    jitter: says('How much the delay varies: see distribution.', z.optional(duration), '100ms'),
    distribution: says(
      'uniform (the default): up to jitter more or less. normal: jitter is the standard deviation. lognormal: delay is the median, and a sixth of the calls are slower by jitter or more.',
      z.optional(z.enum(distributions)),
    ),
    at: says(
      'Where delay and how take place: request (the default: the service has not heard of it yet) or answer.',
      z.optional(z.enum(places)),
    ),
    status: says('The caller gets this answer, and the service hears nothing.', z.optional(status), 503, 429),
    headers: says('Headers of that answer.', z.optional(headers), { 'x-reason': 'overload' }),
    body: z.optional(says('Body of that answer: text, or data that becomes JSON.', body)),
    retry_after: says('That answer tells its caller to come back after this long.', z.optional(duration), '30s'),
    how: says('The caller gets no answer: hang (until the fault is over), reset or close of the connection.', z.optional(z.enum(ways))),
    lose: says(
      'The service does its work and answers, and the answer is lost: reset, close, hang, or a status that the caller gets instead.',
      z.optional(lost),
      'reset',
      502,
    ),
    change: says('The real answer is changed.', z.optional(change())),
    damage: says(
      'The real answer is damaged: truncate (less of the body, as if that were all), cut (the connection ends within the body), chunk (a malformed chunk), json (malformed JSON), too-long or too-short (a wrong content-length).',
      z.optional(z.enum(damages)),
    ),
    keep: says('How much of the body truncate and cut leave; default 50%.', z.optional(share), '50%'),
    bandwidth: says('The body of the answer comes at this pace.', z.optional(bandwidth), '64kbit'),
    rewrite: says('The request is changed before the service gets it.', z.optional(rewrite())),
    quota: says('A real rate limit: calls beyond it are answered with 429, Retry-After and RateLimit headers.', z.optional(quota())),
    share: says('Which share of the calls, drawn for each; default all.', z.optional(share), '5%', '50%'),
    nth: says('Only each n-th call.', z.optional(least('each n-th')), 3),
    skip: says('Not the first so many.', z.optional(count), 10),
    first: says('Only the first so many (after those that are skipped).', z.optional(least('the first')), 3),
    most: says('Not more than so many in all.', z.optional(least('a limit')), 100),
    cap: says(
      'Not more than so many in a second, minute or hour.',
      z.optional(rate.check(z.refine((value) => value > 0, { error: 'a limit of 0 would mean never', params: { fix: 'write e.g. 5/s' } }))),
      '5/s',
    ),
  })

export type HttpSpec = z.infer<ReturnType<typeof keys>>

/** Made when it is first asked for: a document without such a fault need not wait for it. */
export const httpSpec = once(() => says('Answers, delays, breaks or changes HTTP calls.', keys().check(together())))
