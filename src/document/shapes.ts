/** The fixed parts of a document as zod schemas. What depends on the catalogue or on units is checked beside them. */
import * as z from 'zod'
import { count, duration, port, rate, secretText, share, text } from './schema-types.ts'

export const environments = ['test', 'staging', 'production'] as const
export const places = ['process', 'proxy', 'container', 'host', 'database', 'pod', 'node', 'app', 'url'] as const
export const units = ['ms', 'share', '/s', 'bytes', 'bit/s', 'count'] as const

const nameRule = /^[a-z0-9][a-z0-9-]{0,62}$/

/** The name of an experiment or a fault: it becomes part of file names and labels. */
export const nameShape = text
  .refine((value) => nameRule.test(value), {
    error: 'a name is made of a-z, 0-9 and -, at most 63 characters, and begins with a letter or digit',
  })
  .meta({ pattern: nameRule.source, maxLength: 63 })

const httpUrl = text.refine(isHttpUrl, { error: 'expected an address such as http://localhost:8080/' })
const headers = z.record(
  z.string().refine((name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name), { error: 'a header name has letters, digits and - only' }),
  secretText.refine((value) => !/[\r\n\0]/.test(value), { error: 'a header cannot hold line breaks' }),
)
const method = text
  .refine((value) => /^[A-Z]{3,20}$/.test(value), { error: 'expected a method such as GET or POST, in capitals' })
  .meta({ examples: ['GET', 'POST', 'PUT', 'DELETE'] })

const requestKeys = {
  method: method.default('GET').describe('HTTP method; default GET.'),
  headers: headers.optional().describe('Headers; ${secret:NAME} may stand in a value.'),
  body: z.unknown().describe('Text, or data that is sent as JSON.').optional(),
}

export const requestShape = z.strictObject({
  name: text.optional().describe('Name of this request in reports.'),
  url: httpUrl.describe('Where the request goes.'),
  ...requestKeys,
  weight: count.default(1).describe('How often, relative to the other requests; default 1.'),
})

const statusShape = z
  .union([z.number().int().min(100).max(599), z.enum(['1xx', '2xx', '3xx', '4xx', '5xx'])], {
    error: 'expected a status such as 200, or a class such as 2xx',
  })
  .meta({ examples: ['2xx', 429] })

/** `url` or `requests`, never both: checked after the shape. */
export const trafficShape = z
  .strictObject({
    rate: rate.refine((value) => value > 0, { error: 'the rate must be more than 0' }).describe('Planned requests, e.g. 50/s.'),
    url: httpUrl.optional().describe('Where every request goes; or `requests` for several kinds.'),
    method: requestKeys.method.optional(),
    headers: requestKeys.headers,
    body: requestKeys.body,
    requests: z
      .array(requestShape)
      .min(1, { error: 'must name at least one request' })
      .optional()
      .describe('Several kinds of request with weights.'),
    timeout: duration
      .refine((value) => value > 0, { error: 'the timeout must be more than 0' })
      .default(10_000)
      .describe('A request that takes longer counts as failed; default 10s.'),
    ok: z
      .strictObject({
        status: z
          .array(statusShape, { error: 'expected a list such as [2xx, 429]' })
          .min(1, { error: 'must name at least one status' })
          .optional()
          .describe('Good statuses; default 2xx and 3xx.'),
        body: text
          .refine(isPattern, { error: 'is not a regular expression' })
          .optional()
          .describe('A regular expression that a good answer matches.'),
      })
      .optional()
      .describe('What makes an answer good.'),
    ids: text.optional().describe('Path of the acknowledged id in the answer.'),
  })
  .describe('The load that Squall itself sends and measures.')

const positive = duration.refine((value) => value > 0, { error: 'must be longer than 0' })

export const phasesShape = z
  .strictObject({
    warmup: duration.default(5000).describe('Not measured; default 5s.'),
    baseline: positive.default(60_000).describe('How the system behaves without faults; default 60s.'),
    fault: positive.default(120_000).describe('The faults act; default 120s.'),
    recovery: positive.default(60_000).describe('After the rollback; default 60s.'),
  })
  .describe('How long each phase takes.')

const variableShape = z
  .union([z.string(), z.number(), z.boolean()], { error: 'expected a single value as default' })
  .describe('The default; --var NAME=VALUE replaces it.')

export const varsShape = z.record(
  z.string().refine((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name), {
    error: 'a variable’s name has letters, digits and _, and begins with no digit',
  }),
  variableShape,
)

export const labelsShape = z.record(z.string(), text, { error: 'expected labels such as { app: cart }' })

/** Everything that narrows which of a place's inhabitants are meant. */
export const queryShape = z.strictObject({
  name: text.optional().describe('Name, may hold * and ?.'),
  labels: labelsShape.optional().describe('All of these labels.'),
  command: text.optional().describe('The command line, may hold * and ?.'),
  port: port.optional().describe('Listens on this TCP port.'),
  namespace: text.optional().describe('Kubernetes namespace.'),
})

export const pickShape = z
  .union([share, count, z.literal('all')])
  .describe('How many of those found: a number, a percentage or all; default 1.')

/** Keys at the top whose values are simple. */
export const headShape = z.strictObject({
  name: nameShape.describe('The name under which the history is kept.'),
  hypothesis: text.describe('What you expect to happen, in a sentence.'),
  environment: z.enum(environments).describe('Decides which limits and approvals hold.'),
  service: text.optional().describe('The service that is examined.'),
  owner: text.optional().describe('Who answers for it.'),
  tags: z.array(text, { error: 'expected a list such as [nightly, payments]' }).default([]).describe('For finding it again.'),
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
