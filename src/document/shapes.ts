/** The fixed parts of a document as zod schemas. What depends on the catalogue or on units is checked beside them. */
import * as z from 'zod/mini'
import { count, duration, port, rate, readBy, refusing, says, secretText, share, text, withVariable } from './schema-types.ts'
import { nameRule, readStatus, secretBeforePath, wrongMethod, wrongName, wrongPattern, wrongUrl } from './texts.ts'

export const environments = ['test', 'staging', 'production'] as const
export const places = ['process', 'proxy', 'container', 'host', 'database', 'pod', 'node', 'app', 'url'] as const
/** What each place is, for editors and the reference. */
export const placeSays: Readonly<Record<(typeof places)[number], string>> = {
  process: 'A process on this machine: by its name, or by port, command line or labels.',
  proxy: 'A proxy that the document declares, by its name.',
  container: 'A container of a Docker engine: by its name, or by id, labels or compose service.',
  host: 'The machine Squall runs on: local.',
  database: 'A database, by the name of its source.',
  pod: 'A Kubernetes pod, by its name or labels and its namespace.',
  node: 'A Kubernetes node, by its name or labels.',
  app: 'An application that has Squall’s library inside, by its name.',
  url: 'An address that gets requests.',
}

/** What narrows a target further. */
export const narrowingSays: Readonly<Record<string, string>> = {
  to: 'Only what goes to there: host:port, a network such as 10.0.0.0/8, or { container: NAME }.',
  interface: 'Only this network interface, e.g. eth0.',
  netns: 'In this network namespace: a name of ip netns, or pid:N for that of a process.',
  role: 'The server that is primary, or one that is replica, at that moment; default primary.',
  match: 'Only requests like this: { method, host, path, query, headers, body, json, status, except }.',
}

export const units = ['ms', 'share', '/s', 'bytes', 'bit/s', 'count'] as const
/** In which a source may count although bounds are in another unit: what one of its numbers is then. */
export const sourceUnits = { s: { unit: 'ms', factor: 1000 }, '%': { unit: 'share', factor: 0.01 } } as const
/** What `unit` may be. */
export const writtenUnits = [...units, ...(Object.keys(sourceUnits) as (keyof typeof sourceUnits)[])] as const

/** The name of an experiment or a fault: it becomes part of file names and labels. */
export const nameShape = text.check(refusing(wrongName), z.meta({ pattern: nameRule.source, maxLength: 63 }))

/** `${secret:NAME}` may stand in its path or query: what is before decides who is asked, and is shown. */
export const httpUrl = secretText.check(refusing(wrongUrl), refusing(secretBeforePath, 'secret-not-here'))
const headers = z.record(
  z.string().check(z.regex(/^[\w!#$%&'*+.^`|~-]+$/, { error: 'a header’s name has letters, digits and - only' })),
  secretText.check(
    refusing((value) =>
      /[\r\n\0]/.test(value) ? { message: 'a header cannot hold line breaks', fix: 'write it on one line' } : undefined,
    ),
  ),
)
const method = text.check(refusing(wrongMethod))

const requestKeys = {
  method: says('HTTP method, in capitals; default GET.', z._default(method, 'GET'), 'GET', 'POST', 'PUT', 'DELETE'),
  headers: says('Headers by name; ${secret:NAME} may stand in a value.', z.optional(headers), { authorization: 'Bearer ${secret:TOKEN}' }),
  body: z.optional(says('What is sent: text, or data that becomes JSON; ${secret:NAME} may stand in it.', z.unknown(), { item: 1 })),
}

export const requestShape = z.strictObject({
  name: says('What reports call this request; default: “request” and its number.', z.optional(text), 'search'),
  url: says('Where the request goes; ${secret:NAME} may stand in its path or query.', httpUrl, 'http://localhost:8080/search'),
  ...requestKeys,
  weight: says('How often it is sent, relative to the other requests; default 1. 3 beside a 1 is three of four.', z._default(count, 1), 3),
})

/** A number from 100 to 599, or a class. */
export const statusShape = readBy(
  readStatus,
  'a status such as 200, or a class such as 2xx',
  {
    anyOf: [
      { type: 'integer', minimum: 100, maximum: 599 },
      { type: 'string', pattern: `^([1-5]xx|${withVariable})$` },
    ],
    description: 'A status such as 200, or a class such as 2xx.',
    written: ['2xx', 429],
  },
  'value-not-allowed',
)

/** `url` or `requests`, never both: checked after the shape. */
export const trafficShape = says(
  'The load that Squall itself sends and measures: requests at a steady rate, whatever the system does. It gives latency_p50, latency_p95, latency_p99, error_rate and throughput.',
  z.strictObject({
    rate: says(
      'How many requests are sent: 50/s, 600/m. The more, the finer the verdict: 20/s and a minute of baseline tell large changes only.',
      rate.check(z.refine((value) => value > 0, { error: 'the rate must be more than 0', params: { fix: 'write e.g. 50/s' } })),
      '50/s',
      '600/m',
    ),
    url: says(
      'Where every request goes; ${secret:NAME} may stand in its path or query. Several kinds of request: write requests instead.',
      z.optional(httpUrl),
      'http://localhost:8080/',
    ),
    method: requestKeys.method,
    headers: requestKeys.headers,
    body: requestKeys.body,
    requests: says(
      'Several kinds of request, each with its url and its weight. One kind: write url instead.',
      z.optional(z.array(requestShape).check(z.minLength(1, { error: 'must name at least one request' }))),
    ),
    timeout: says(
      'A request that takes longer counts as an error; default 10s. Choose what your users would wait for.',
      z._default(
        duration.check(z.refine((value) => value > 0, { error: 'the timeout must be more than 0', params: { fix: 'write e.g. 2s' } })),
        10_000,
      ),
      '2s',
    ),
    ok: says(
      'What makes an answer good; default: any status 2xx or 3xx.',
      z.optional(
        z.strictObject({
          status: says(
            'The good statuses: numbers, or classes such as 2xx. E.g. [2xx, 503] when “try later” is a good answer.',
            z.optional(
              z
                .array(statusShape, { error: 'expected a list such as [2xx, 429]' })
                .check(z.minLength(1, { error: 'must name at least one status' })),
            ),
          ),
          body: says(
            'A regular expression that the body of a good answer matches; put it in quotes.',
            z.optional(text.check(refusing(wrongPattern))),
            '"status":"ok"',
          ),
        }),
      ),
    ),
    ids: says(
      'Where an answer holds the id of what was written, so that a database can be asked whether it is still there.',
      z.optional(text),
      'id',
      'order.id',
    ),
  }),
)

const positive = duration.check(z.refine((value) => value > 0, { error: 'must be longer than 0', params: { fix: 'write e.g. 60s' } }))

export const phasesShape = says(
  'How long each phase takes. Shorter is quicker, longer tells smaller changes apart; squall plan says what a length can show.',
  z.strictObject({
    warmup: says('Traffic runs, nothing is judged: connections and caches get warm; default 5s.', z._default(duration, 5000), '5s'),
    baseline: says(
      'How the system behaves without faults: what 1.5x and +5pp are measured against; default 60s.',
      z._default(positive, 60_000),
      '60s',
    ),
    fault: says('The faults act; default 120s. It begins when the first one is injected.', z._default(positive, 120_000), '120s'),
    recovery: says('After everything was put back: is the system itself again? Default 60s.', z._default(positive, 60_000), '60s'),
  }),
)

const variableShape = says(
  'Its default; --var NAME=VALUE replaces it.',
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
const queryShape = z.strictObject({
  name: says('Its name; * and ? stand for any letters.', z.optional(text), 'payments', 'worker-*'),
  labels: says(
    'It has all of these labels. A process has them in its environment: SQUALL_LABELS=app=shop,service=cart.',
    z.optional(labelsShape),
    { app: 'shop' },
  ),
  command: says('Its command line; * and ? stand for any letters.', z.optional(text), '*payments.jar*'),
  port: says('It listens on this TCP port.', z.optional(port), 8080),
  namespace: says('Its Kubernetes namespace.', z.optional(text), 'shop'),
  id: says('Its id, or the beginning of it.', z.optional(text), '3f4e9a'),
  service: says('Its service in a compose file.', z.optional(text), 'orders'),
})

/** Which of them there are at a place; at others all. */
const keysAt: Readonly<Record<string, readonly (keyof z.output<typeof queryShape>)[]>> = {
  process: ['name', 'labels', 'command', 'port'],
  container: ['name', 'labels', 'id', 'service'],
  database: ['name'],
  pod: ['name', 'labels', 'namespace'],
  node: ['name', 'labels'],
}

/** The query of one place. */
export function queryShapeAt(place: string): z.ZodMiniType<z.output<typeof queryShape>> {
  const keys = keysAt[place]
  return keys
    ? (z.pick(queryShape, Object.fromEntries(keys.map((key) => [key, true])) as never) as unknown as typeof queryShape)
    : queryShape
}

export const pickShape = says(
  'How many of those found, chosen by the run’s seed: a number, a percentage (rounded down, at least 1) or all; default 1.',
  z.union([share, count, z.literal('all')]),
  1,
  '50%',
  'all',
)

/** Keys at the top whose values are simple. */
export const headShape = z.strictObject({
  name: says('The name under which its runs are kept and compared: a-z, 0-9 and -.', nameShape, 'checkout-payments-freeze'),
  hypothesis: says(
    'What you expect, as a sentence that can turn out to be wrong.',
    text,
    'When payments hangs, checkout answers within 1 s and is itself again within 30 s.',
  ),
  environment: says(
    'Where it runs. Limits, hours and approvals hang on it, so there is no default: begin with test.',
    z.enum(environments),
  ),
  service: says('The service that is examined.', z.optional(text), 'checkout'),
  owner: says('Who answers for it.', z.optional(text), 'team-payments'),
  tags: says('Words for finding it again.', z._default(z.array(text, { error: 'expected a list such as [nightly, payments]' }), []), [
    'nightly',
    'payments',
  ]),
})
