/** Makes docs/reference/experiment.md from the schemas that check documents. `--check`: only says whether it is up to date (exit 1). */
import { join } from 'node:path'
import { documentCatalogue } from '../src/catalogue.ts'
import { experimentSchema } from '../src/document/json-schema.ts'
import { problemCodes } from '../src/document/problems.ts'
import { exampleOf } from '../src/document/quantity.ts'
import { schemaFields } from '../src/document/schema-fields.ts'
import { type QuantityUnit, suffixesOf } from '../src/document/units.ts'
import { writeGenerated } from './lib/generated.ts'
import { root } from './lib/root.ts'

/** What this page reads of a JSON Schema. */
interface Schema {
  description?: string
  properties?: Record<string, Schema>
  additionalProperties?: Schema
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  required?: string[]
  examples?: unknown[]
  enum?: string[]
  const?: string
  $defs?: Record<string, Schema>
}

const schema = experimentSchema(documentCatalogue) as Schema

function at(from: Schema | undefined, ...keys: string[]): Schema {
  let found = from
  for (const key of keys) found = found?.properties?.[key]
  if (!found) throw new Error(`the schema has nothing at ${keys.join('.')}`)
  return found
}

/** A value as it stands inside `{ }` in YAML. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (typeof value !== 'object' || value === null) {
    const text = String(value)
    return typeof value === 'string' && /[{}[\],"']|: /.test(text) ? `'${text}'` : text
  }
  return `{ ${Object.entries(value)
    .map(([key, item]) => `${key}: ${flow(item)}`)
    .join(', ')} }`
}

function rows({ properties = {}, required = [] }: Schema, skip: readonly string[] = []): string {
  const lines = Object.entries(properties)
    .filter(([key]) => !skip.includes(key))
    .map(([key, { description = '', examples = [], enum: values }]) => {
      const shown = [...(values ?? []), ...examples].map((example) => `\`${flow(example)}\``).join(' · ')
      return `| \`${key}\` | ${required.includes(key) ? 'needed' : ''} | ${cell(description)} | ${cell(shown)} |`
    })
  return ['| key | | meaning | e.g. |', '|---|---|---|---|', ...lines].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

const faults = schema.properties?.faults?.items?.oneOf ?? []
const common: Schema = {
  properties: {
    type: { description: 'Which fault: one of the list below, or the path of your own, `./file.ts`.', examples: ['pause'] },
    target: { description: 'Where it acts. Faults of your own and `command` have none.', examples: [{ process: 'payments' }] },
    ...Object.fromEntries(Object.entries(faults.at(-1)?.properties ?? {}).filter(([key]) => key !== 'type')),
  },
  required: ['type'],
}
/** The targets of all faults in one: each place that any of them has. */
const target: Schema = {
  description: faults.find(({ properties }) => properties?.target)?.properties?.target?.description ?? '',
  properties: Object.assign({}, ...faults.map(({ properties }) => properties?.target?.properties)),
}
const query = at(target, 'process').oneOf?.find(({ properties }) => properties) ?? {}
const measure = schema.properties?.measures?.additionalProperties?.oneOf?.find(({ properties }) => properties) ?? {}
const sides: Schema = { properties: { max: schema.$defs?.max ?? {}, min: schema.$defs?.min ?? {} } }
/** In an editor each cell explains itself; on a page the table of bounds does it once for all. */
const cells: Schema = (({ properties = {} }) => ({
  properties: Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, { ...one, description: one.description?.split(' A value such as')[0] ?? '' }]),
  ),
}))(schema.$defs?.max?.oneOf?.find(({ properties }) => properties) ?? {})
const [own, toxiproxy] = schema.properties?.proxies?.additionalProperties?.anyOf ?? []

const units: Readonly<Record<QuantityUnit, string>> = {
  ms: 'time',
  '/s': 'rate',
  share: 'share',
  pp: 'percentage points, a difference of shares',
  bytes: 'size',
  'bit/s': 'bandwidth',
  count: 'count',
}

const text = `# The experiment

<!-- Generated from the schemas in src/document/ by scripts/generate-experiment-doc.ts. -->

One document, one experiment: YAML, JSON, or TypeScript with the same keys. \`squall validate FILE\` names every mistake with its line and a fix.
An editor completes and explains the keys by [\`schema/experiment.json\`](../../schema/experiment.json); this line at the top of a YAML document
names it: \`# yaml-language-server: $schema=…/schema/experiment.json\`.

\`\`\`yaml
name: payments-freeze
hypothesis: When payments hangs for 30 s, the shop goes on selling, and is itself again within 10 s.
service: shop
owner: team-payments
environment: test

traffic: { url: http://localhost:8080/orders, method: POST, rate: 50/s, timeout: 2s }

sources:
  app: { type: endpoint, url: http://localhost:8080/metrics }

measures:
  latency_p99:   { max: { baseline: 300ms, fault: 2x } }                    # recovery keeps its default, 1.5x
  error_rate:    { max: { baseline: 1%, fault: +5pp, abort: 50% for 15s } }
  queue_length:  { from: app, query: queue.length, max: 500 }
  recovery_time: { max: 10s }

phases: { warmup: 5s, baseline: 60s, fault: 30s, recovery: 60s }

faults:
  - type: pause
    target: { process: { labels: { app: shop, service: payments } } }
\`\`\`

In TypeScript the same keys are checked while you type; \`delay: 500\` without a unit does not compile:

\`\`\`ts
import { experiment } from 'squall'

export default experiment({
  name: 'payments-freeze',
  hypothesis: 'When payments hangs, the shop goes on selling.',
  environment: 'test',
  traffic: { url: 'http://localhost:8080/orders', rate: '50/s' },
  measures: { error_rate: { max: { fault: '+5pp' } } },
  faults: [{ type: 'pause', target: { process: 'payments' }, for: '30s' }],
})
\`\`\`

## At the top

${rows(schema, ['$schema'])}

## traffic

${at(schema, 'traffic').description}

${rows(at(schema, 'traffic'))}

Each of \`requests\`:

${rows(at(schema, 'traffic', 'requests').items ?? {})}

\`ok\`:

${rows(at(schema, 'traffic', 'ok'))}

## proxies

${at(schema, 'proxies').description}

Point your service at \`listen\` instead of at the real address, also when no experiment runs: a proxy without faults passes everything on untouched. A run starts it, or adopts the one
that an earlier run has left, and leaves it there; [what survives what](../what-survives-what.md#proxies-stay) says when it ends. Before anything is injected the run checks that something really
passed through each proxy that a fault of it uses; otherwise it ends as an error, since a system that the fault does not reach bears it perfectly. Of a Toxiproxy server that cannot be told.

${rows(own ?? {})}

Or one of a Toxiproxy server:

${rows(toxiproxy ?? {})}

## sources

${at(schema, 'sources').description} Types: ${documentCatalogue.sources.map(({ type }) => `\`${type}\``).join(', ')};
their settings are in [Sources](sources.md). A declared proxy is a source too: \`from: proxy:payments\`, with the queries \`throughput\`, \`error_rate\`, \`latency_p50\` to
\`latency_p99\` and \`connections\` ([what they count](sources.md#proxyname)).

## measures

A table of measure × phase. \`error_rate: { max: { baseline: 1%, fault: 5% } }\` reads “at most 1 % before, at most 5 % during the fault”.
A plain bound, \`max: 1%\`, means all three phases. A cell left out keeps its default, \`none\` switches it off, for a whole measure too
(\`throughput: none\`). With traffic these are there without being written:

| measure | meaning |
|---|---|
${Object.entries(schema.properties?.measures?.properties ?? {})
  .map(([name, { description = '' }]) => `| \`${name}\` | ${cell(description)} |`)
  .join('\n')}

${rows({ ...measure, properties: { ...measure.properties, ...sides.properties } })}

The cells of \`max\` and \`min\`:

${rows(cells)}

| bound | meaning |
|---|---|
| \`300ms\` \`1%\` \`45/s\` | this value |
| \`1.5x\` | times baseline |
| \`+5pp\` \`+20ms\` (in \`max\`), \`-5/s\` (in \`min\`) | baseline plus, baseline minus; shares in points, since \`+5%\` could mean two things |
| \`none\` | anything |
| \`1% after 30s\` | must hold from 30 s on; when it began to hold is reported |
| \`90% for 45s\` | in \`abort\`: 45 s of it in a row |

## phases

${at(schema, 'phases').description}

${rows(at(schema, 'phases'))}

## faults

${rows(common)}

| type | place | what it does |
|---|---|---|
${documentCatalogue.faults
  .map(
    ({ type, places, spec }) =>
      `| \`${type}\` | ${places.map((place) => (place === 'none' ? 'no target' : place)).join(', ')} | ${cell(schemaFields(spec).says)} |`,
  )
  .join('\n')}

Their parameters are in [Faults](faults.md).

### target

${target.description} \`{ process: payments }\`, \`{ process: { port: 8080 }, pick: all }\`, \`{ host: local }\`.

${rows(target)}

A query instead of a name; all that is said must match:

${rows(query)}

## Quantities

| what | units | |
|---|---|---|
${Object.entries(units)
  .map(([unit, what]) => {
    const suffixes = suffixesOf(unit as QuantityUnit)
    return `| ${what} | ${suffixes.length > 0 ? suffixes.map((suffix) => `\`${suffix}\``).join(' ') : 'none: a bare number'} | ${exampleOf(unit as QuantityUnit)} |`
  })
  .join('\n')}

No sums (\`1m30s\` is \`90s\`), no blanks inside, no signs except in bounds, decimals with a point. A number without a unit is refused wherever a unit
is needed.

## Variables and secrets

\`\${name}\` stands for a variable of \`vars\`, \`\${secret:NAME}\` for a secret, which is filled in only where it is used and never recorded. In text that is recorded or
shown a secret is refused. There are no other forms.

## What YAML does to your text

- Inside \`{ }\` a comma ends the value and a colon needs a blank: put quotes around URLs with commas, around \`\${…}\`, around PromQL with its braces.
- \`on\`, \`off\`, \`yes\`, \`no\`, \`y\`, \`n\`, \`12:30\`, \`010\`, \`1_000\`, \`1e3\` and dates are read differently by different readers: put quotes around them.
- Not used: tags (\`!!str\`), merge keys (\`<<\`), several documents in a file, a key twice. Anchors and aliases work.

## What can be wrong

Each problem has a code that stays the same, a place, a sentence, and mostly a fix.

| code | meaning |
|---|---|
${Object.entries(problemCodes)
  .toSorted(([a], [b]) => a.localeCompare(b, 'en'))
  .map(([code, means]) => `| \`${code}\` | ${cell(means)} |`)
  .join('\n')}
`

writeGenerated(join(root, 'docs', 'reference', 'experiment.md'), text)
