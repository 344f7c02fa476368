/** `schema/experiment.json`: the document for editors, put together from the same zod schemas that check it. */
import type { DocumentCatalogue } from './document-catalogue.ts'
import { faultSchema, ownFault } from './json-schema-faults.ts'
import { type Json, ownModule, toJson, withType } from './json-schema-parts.ts'
import { proxyShape, toxiproxyShape } from './resolve-proxies.ts'
import { withVariable } from './schema-types.ts'
import { headShape, phasesShape, trafficShape, varsShape, writtenUnits } from './shapes.ts'

const boundText = '(none|[+-]?(0|[1-9]\\d*)(\\.\\d+)?(x|ms|s|m|h|/s|/m|/h|B|kB|MB|GB|KiB|MiB|GiB|bit|kbit|mbit|gbit|%|pp)?)'

/** JSON Schema (2020-12) of everything the catalogue offers. */
export function experimentSchema(catalogue: DocumentCatalogue): Json {
  const head = toJson(headShape) as { properties: Json; required: string[] }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://squall.dev/schema/experiment.json',
    title: 'Squall experiment',
    description: 'A chaos experiment: what is expected, how it is measured, what is allowed, and which faults act.',
    type: 'object',
    properties: {
      $schema: {
        type: 'string',
        description: 'For editors, in JSON documents. In YAML write the comment # yaml-language-server: $schema=… instead.',
      },
      ...head.properties,
      vars: {
        ...toJson(varsShape),
        propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
        description: 'Variables with their defaults: used as ${name}, replaced by --var NAME=VALUE.',
        examples: [{ rate: '50/s' }],
      },
      traffic: traffic(),
      proxies: {
        type: 'object',
        additionalProperties: { anyOf: [toJson(proxyShape), toJson(toxiproxyShape)] },
        description:
          'Proxies in the path of your calls, declared once by a name. Faults name them in target: { proxy: NAME }, measures in from: proxy:NAME.',
        examples: [{ payments: { listen: '127.0.0.1:9001', upstream: 'http://127.0.0.1:8081' } }],
      },
      sources: {
        type: 'object',
        additionalProperties: { oneOf: [...catalogue.sources.map(sourceSchema), ownSource()] },
        description: 'Where measures come from that traffic does not give, declared once by a name; a measure names it with from.',
        examples: [{ app: { type: 'endpoint', url: 'http://localhost:8080/metrics' } }],
      },
      measures: measures(),
      phases: toJson(phasesShape),
      faults: {
        type: 'array',
        minItems: 1,
        items: { oneOf: [...catalogue.faults.map(faultSchema), ownFault()] },
        description: 'What is done to the system during the fault phase; everything is put back afterwards.',
        examples: [[{ type: 'pause', target: { process: 'payments' } }]],
      },
    },
    required: head.required.concat('faults'),
    additionalProperties: false,
    $defs: { max: side('max'), min: side('min') },
  }
}

/** One kind of request, or several: which keys stand where, beyond what the shape says. */
function traffic(): Json {
  const inEach = ['method', 'headers', 'body']
  return {
    ...toJson(trafficShape),
    oneOf: [
      { required: ['url'], properties: { requests: false } },
      { required: ['requests'], properties: Object.fromEntries(['url', ...inEach].map((key) => [key, false])) },
    ],
  }
}

const knownMeasures: Readonly<Record<string, string>> = {
  latency_p50: 'The time within which half of the requests were answered; any of latency_p50 to latency_p99 may be asked for.',
  latency_p95: 'The time within which 95 % of the requests were answered.',
  latency_p99: 'The time within which 99 % of the requests were answered. Unless said otherwise: after the fault at most 1.5x baseline.',
  error_rate: 'The share of requests that failed. Unless said otherwise: at most 50% during the fault, and after it at most 1.5x baseline.',
  throughput: 'Good answers per second. Unless said otherwise: after the fault at least 0.9x baseline.',
  recovery_time: 'From the end of the fault until all measures hold again. Takes a plain max only.',
}

function measures(): Json {
  const properties = {
    from: {
      type: 'string',
      description: 'Where it comes from: traffic (the default), the name of a source, or proxy:NAME.',
      examples: ['traffic'],
    },
    query: { type: 'string', description: 'What to ask the source for; default: the measure’s own name.' },
    unit: {
      enum: writtenUnits,
      description: 'In what the source counts, where neither it nor a bound tells; s and % are turned into ms and shares.',
    },
    max: { $ref: '#/$defs/max' },
    min: { $ref: '#/$defs/min' },
  }
  const measure = (description: string): Json => ({
    oneOf: [
      { const: 'none', description: 'Recorded, not judged.' },
      { type: 'object', properties, additionalProperties: false },
    ],
    description,
  })
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(knownMeasures).map(([name, description]) => [name, measure(description)])),
    additionalProperties: measure('A measure of your own: say from which source, and what is allowed.'),
    description: 'What is measured and what is allowed: each measure with max and min, for all phases or phase by phase.',
    examples: [{ error_rate: { max: { baseline: '1%', fault: '5%' } } }],
  }
}

function side(direction: 'max' | 'min'): Json {
  const plus = direction === 'max' ? '+5pp (baseline plus 5 points)' : '-5/s (baseline minus 5 per second)'
  const factor = direction === 'max' ? '1.5x' : '0.9x'
  const examples = direction === 'max' ? ['300ms', '1%', '1.5x', '+5pp after 30s', 'none'] : ['45/s', '0.9x', '1 after 30s', 'none']
  const forms = `A value such as ${examples[0]}, ${factor} (times baseline), ${plus}, or none; then “after 30s” if it need hold only from then on.`
  const cell = (description: string): Json => ({ ...boundSchema('after'), description, examples })
  const most = direction === 'max' ? 'most' : 'least'
  return {
    oneOf: [
      boundSchema('after'),
      {
        type: 'object',
        properties: {
          baseline: cell(`At ${most} this before the fault: the system is steady, otherwise nothing is injected. ${forms}`),
          fault: cell(`At ${most} this while the fault acts. ${forms}`),
          recovery: cell(`At ${most} this after everything was put back. ${forms}`),
          abort: {
            ...boundSchema('for'),
            description: 'Ends the run at once and puts everything back when it is passed; “90% for 45s”: when it is passed that long.',
            examples: direction === 'max' ? ['50%', '90% for 45s'] : ['1/s for 10s'],
          },
        },
        additionalProperties: false,
      },
    ],
    description: `What is allowed at ${most}, in all phases or phase by phase. ${forms}`,
    examples,
  }
}

function boundSchema(word: 'after' | 'for'): Json {
  return {
    anyOf: [
      { type: 'number', minimum: 0 },
      { type: 'string', pattern: `^(${boundText}( +${word} +\\S+)?|${withVariable})$` },
    ],
  }
}

function ownSource(): Json {
  return ownModule('source', { path: './queue-length.ts', parameters: { queue: 'orders' } })
}

function sourceSchema({ type, config }: DocumentCatalogue['sources'][number]): Json {
  return withType(type, toJson(config), 'What kind of source it is.')
}
