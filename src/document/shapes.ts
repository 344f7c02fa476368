/** The fixed parts of a document as zod schemas. What depends on the catalogue or on units is checked beside them. */
import * as z from 'zod/mini'
import { count, duration, port, rate, says, secretText, share, text } from './schema-types.ts'

export const environments = ['test', 'staging', 'production'] as const
export const places = ['process', 'proxy', 'container', 'host', 'database', 'pod', 'node', 'app', 'url'] as const
export const units = ['ms', 'share', '/s', 'bytes', 'bit/s', 'count'] as const
/** In which a source may count although bounds are in another unit: what one of its numbers is then. */
export const sourceUnits = { s: { unit: 'ms', factor: 1000 }, '%': { unit: 'share', factor: 0.01 } } as const
/** What `unit` may be. */
export const writtenUnits = [...units, ...(Object.keys(sourceUnits) as (keyof typeof sourceUnits)[])] as const

const nameRule = /^[a-z0-9][a-z0-9-]{0,62}$/

/** The name of an experiment or a fault: it becomes part of file names and labels. */
export const nameShape = text.check(
  z.refine((value) => nameRule.test(value), {
    error: 'a name is made of a-z, 0-9 and -, at most 63 characters, and begins with a letter or digit',
  }),
  z.meta({ pattern: nameRule.source, maxLength: 63 }),
)

const httpUrl = text.check(z.refine(isHttpUrl, { error: 'expected an address such as http://localhost:8080/' }))
const headers = z.record(
  z.string().check(z.refine((name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name), { error: 'a header name has letters, digits and - only' })),
  secretText.check(z.refine((value) => !/[\r\n\0]/.test(value), { error: 'a header cannot hold line breaks' })),
)
const method = text.check(
  z.refine((value) => /^[A-Z]{3,20}$/.test(value), { error: 'expected a method such as GET or POST, in capitals' }),
  z.meta({ examples: ['GET', 'POST', 'PUT', 'DELETE'] }),
)

const requestKeys = {
  method: says('HTTP method; default GET.', z._default(method, 'GET')),
  headers: says('Headers; ${secret:NAME} may stand in a value.', z.optional(headers)),
  body: z.optional(says('Text, or data that is sent as JSON.', z.unknown())),
}

export const requestShape = z.strictObject({
  name: says('Name of this request in reports.', z.optional(text)),
  url: says('Where the request goes.', httpUrl),
  ...requestKeys,
  weight: says('How often, relative to the other requests; default 1.', z._default(count, 1)),
})

const statusShape = z
  .union([z.int().check(z.minimum(100), z.maximum(599)), z.enum(['1xx', '2xx', '3xx', '4xx', '5xx'])], {
    error: 'expected a status such as 200, or a class such as 2xx',
  })
  .check(z.meta({ examples: ['2xx', 429] }))

/** `url` or `requests`, never both: checked after the shape. */
export const trafficShape = says(
  'The load that Squall itself sends and measures.',
  z.strictObject({
    rate: says('Planned requests, e.g. 50/s.', rate.check(z.refine((value) => value > 0, { error: 'the rate must be more than 0' }))),
    url: says('Where every request goes; or `requests` for several kinds.', z.optional(httpUrl)),
    method: z.optional(requestKeys.method),
    headers: requestKeys.headers,
    body: requestKeys.body,
    requests: says(
      'Several kinds of request with weights.',
      z.optional(z.array(requestShape).check(z.minLength(1, { error: 'must name at least one request' }))),
    ),
    timeout: says(
      'A request that takes longer counts as failed; default 10s.',
      z._default(duration.check(z.refine((value) => value > 0, { error: 'the timeout must be more than 0' })), 10_000),
    ),
    ok: says(
      'What makes an answer good.',
      z.optional(
        z.strictObject({
          status: says(
            'Good statuses; default 2xx and 3xx.',
            z.optional(
              z
                .array(statusShape, { error: 'expected a list such as [2xx, 429]' })
                .check(z.minLength(1, { error: 'must name at least one status' })),
            ),
          ),
          body: says(
            'A regular expression that a good answer matches.',
            z.optional(text.check(z.refine(isPattern, { error: 'is not a regular expression' }))),
          ),
        }),
      ),
    ),
    ids: says('Path of the acknowledged id in the answer.', z.optional(text)),
  }),
)

const positive = duration.check(z.refine((value) => value > 0, { error: 'must be longer than 0' }))

export const phasesShape = says(
  'How long each phase takes.',
  z.strictObject({
    warmup: says('Not measured; default 5s.', z._default(duration, 5000)),
    baseline: says('How the system behaves without faults; default 60s.', z._default(positive, 60_000)),
    fault: says('The faults act; default 120s.', z._default(positive, 120_000)),
    recovery: says('After the rollback; default 60s.', z._default(positive, 60_000)),
  }),
)

const variableShape = says(
  'The default; --var NAME=VALUE replaces it.',
  z.union([z.string(), z.number(), z.boolean()], { error: 'expected a single value as default' }),
)

export const varsShape = z.record(
  z.string().check(
    z.refine((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name), {
      error: 'a variable’s name has letters, digits and _, and begins with no digit',
    }),
  ),
  variableShape,
)

export const labelsShape = z.record(z.string(), text, { error: 'expected labels such as { app: cart }' })

/** Everything that narrows which of a place's inhabitants are meant. */
export const queryShape = z.strictObject({
  name: says('Name, may hold * and ?.', z.optional(text)),
  labels: says('All of these labels.', z.optional(labelsShape)),
  command: says('The command line, may hold * and ?.', z.optional(text)),
  port: says('Listens on this TCP port.', z.optional(port)),
  namespace: says('Kubernetes namespace.', z.optional(text)),
})

export const pickShape = says(
  'How many of those found: a number, a percentage or all; default 1.',
  z.union([share, count, z.literal('all')]),
)

/** Keys at the top whose values are simple. */
export const headShape = z.strictObject({
  name: says('The name under which the history is kept.', nameShape),
  hypothesis: says('What you expect to happen, in a sentence.', text),
  environment: says('Decides which limits and approvals hold.', z.enum(environments)),
  service: says('The service that is examined.', z.optional(text)),
  owner: says('Who answers for it.', z.optional(text)),
  tags: says('For finding it again.', z._default(z.array(text, { error: 'expected a list such as [nightly, payments]' }), [])),
})

function isHttpUrl(value: string): boolean {
  return /^https?:\/\/[^\s/]/.test(value) && URL.canParse(value)
}

function isPattern(value: string): boolean {
  try {
    new RegExp(value, 'u')
    return true
  } catch {
    return false
  }
}
