/** Source `endpoint`: one number by field path out of the JSON that the system itself publishes (requirement A7). */
import * as z from 'zod/mini'
import { duration, says, secretText, text } from '../document/schema-types.ts'
import { fillSecrets, secretNames } from '../document/secrets.ts'
import { followPath, parseFieldPath } from './field-path.ts'
import type { Reading, Source, SourceContext } from './source.ts'

/** Bytes; a page of metrics is far below. */
const biggestAnswer = 4 * 1024 * 1024

const config = z.strictObject({
  url: says(
    'Where the JSON is.',
    text.check(
      z.refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
        error: 'expected an address such as http://localhost:8080/metrics',
      }),
    ),
  ),
  headers: says('Headers; ${secret:NAME} may stand in a value.', z.optional(z.record(z.string(), secretText))),
  timeout: says('How long an answer may take; default 2s.', z.optional(duration)),
})

export interface EndpointConfig {
  url: string
  headers?: Record<string, string> | undefined
  /** ms; default 2000. */
  timeout?: number | undefined
}

type Page = { json: unknown } | { missing: string }

/** By tick and source (its configuration object): several measures of one source ask once a second. */
const pages = new WeakMap<object, Map<EndpointConfig, Promise<Page>>>()

export const endpoint: Source<EndpointConfig> = {
  type: 'endpoint',
  config,
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

  needs({ url, headers }) {
    const secrets = Object.values(headers ?? {}).flatMap(secretNames)
    return [{ reach: new URL(url).host }, ...secrets.map((secret) => ({ secret }))]
  },

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

function pageOf(config: EndpointConfig, context: SourceContext): Promise<Page> {
  if (context.tick === undefined) return fetchPage(config, context)
  const ofTick = pages.get(context.tick) ?? new Map<EndpointConfig, Promise<Page>>()
  pages.set(context.tick, ofTick)
  const page = ofTick.get(config) ?? fetchPage(config, context)
  ofTick.set(config, page)
  return page
}

async function fetchPage(config: EndpointConfig, context: SourceContext): Promise<Page> {
  const timeout = config.timeout ?? 2000
  // One signal for headers and body together: a body that trickles must not outlive the limit.
  const late = AbortSignal.timeout(timeout)
  try {
    const headers: Record<string, string> = { accept: 'application/json' }
    for (const [name, value] of Object.entries(config.headers ?? {})) headers[name] = await fillSecrets(value, context.secret)
    const { request } = (await import('undici')).default // Loaded when it is first needed: reading a document must stay fast.
    const { statusCode, body } = await request(config.url, { headers, signal: AbortSignal.any([late, context.signal]) })
    const bytes = await readAll(body)
    if (statusCode < 200 || statusCode > 299) return { missing: `${config.url} answered with status ${statusCode}` }
    if (bytes === null) return { missing: `the answer of ${config.url} is bigger than 4 MiB` }
    return parse(bytes.toString('utf8'), config.url)
  } catch (error) {
    if (late.aborted) return { missing: `${config.url} did not answer within ${timeout} ms` }
    return { missing: `${config.url} could not be read: ${reasonOf(error as Error)}` }
  }
}

/** Null when it is more than we take. */
async function readAll(body: AsyncIterable<Buffer>): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > biggestAnswer) return null // Leaving the loop destroys the body.
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function parse(source: string, url: string): Page {
  try {
    return { json: JSON.parse(source) }
  } catch {
    return { missing: `the answer of ${url} is not JSON` }
  }
}

function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  return error.message || code || error.name
}
