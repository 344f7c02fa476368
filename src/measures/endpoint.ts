/** Source `endpoint`: one number by field path out of the JSON that the system itself publishes (requirement A7). */
import * as z from 'zod/mini'
import { once, says } from '../document/schema-types.ts'
import { fillSecrets } from '../document/secrets.ts'
import { httpUrl } from '../document/shapes.ts'
import { followPath, parseFieldPath } from './field-path.ts'
import { ask, filledHeaders, httpNeeds, httpSettings } from './http.ts'
import { oncePerTick } from './per-tick.ts'
import type { Reading, Source, SourceContext } from './source.ts'

const config = once(() =>
  z.strictObject({ url: says('Where the JSON is; ${secret:NAME} may stand in its path or query.', httpUrl), ...httpSettings }),
)

export interface EndpointConfig {
  url: string
  headers?: Record<string, string> | undefined
  /** ms; default 2000. */
  timeout?: number | undefined
}

type Page = { json: unknown } | { missing: string }

const pageOf = oncePerTick(fetchPage)

export const endpoint: Source<EndpointConfig> = {
  type: 'endpoint',
  get config() {
    return config()
  },
  about: {
    does: 'Reads numbers out of the JSON that the system itself publishes, once a second.',
    query: 'The path of a field: `latency.p99`, `$.nodes[0].load`, `["odd.name"].x`.',
    example: `sources:
  app: { type: endpoint, url: http://localhost:8080/metrics }
measures:
  queue_length: { from: app, query: queue.length, max: { fault: 500 } }`,
    notes: [
      'Only a finite JSON number counts. Anything else, another status than 2xx, no answer in time, or an answer over 4 MiB is missing.',
      'A p99 that a service reports about itself has an unknown window, often “since my start”; one that never moves is noted.',
    ],
  },

  needs: ({ url, headers }) => httpNeeds(url, [url, ...Object.values(headers ?? {})]),

  async check(config, query, context) {
    const problems: string[] = []
    const path = parseFieldPath(query)
    if (!path) problems.push(`“${query}” is no field path; write e.g. latency.p99 or $.nodes[0].load`)
    const page = await pageOf(config, context)
    if ('missing' in page) problems.push(page.missing)
    else if (path) {
      const reading = pickNumber(page.json, query)
      if ('missing' in reading) problems.push(reading.missing)
    }
    return { step: 1000, problems }
  },

  async now(config, query, context) {
    const page = await pageOf(config, context)
    return 'missing' in page ? page : pickNumber(page.json, query)
  },
}

/** Only a finite JSON number counts: text that looks like one may have another unit, and null is the system's own way to say missing. */
function pickNumber(json: unknown, query: string): Reading {
  const path = parseFieldPath(query)
  if (!path) return { missing: `“${query}” is no field path` }
  const way = followPath(json, path)
  if ('lost' in way) return { missing: way.lost }
  const { found } = way
  if (typeof found !== 'number') return { missing: `${query} is ${found === null ? 'null' : `no number but ${kindOf(found)}`}` }
  // JSON has no NaN, but 1e999 reads as infinite.
  return Number.isFinite(found) ? { value: found } : { missing: `${query} is not finite` }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'true or false' : 'a map'
}

async function fetchPage(config: EndpointConfig, { secret, signal }: SourceContext): Promise<Page> {
  const { url, timeout = 2000 } = config
  const headers = { accept: 'application/json', ...(await filledHeaders(config.headers, secret)) }
  const answer = await ask({ url: await fillSecrets(url, secret, encodeURIComponent), headers, timeout, signal })
  if ('failed' in answer) return { missing: answer.failed }
  if (answer.status < 200 || answer.status > 299) return { missing: `${url} answered with status ${answer.status}` }
  try {
    return { json: JSON.parse(answer.text) }
  } catch {
    return { missing: `the answer of ${url} is not JSON` }
  }
}
