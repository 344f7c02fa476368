/** Makes docs/reference/sources.md from the catalogue's sources. `--check`: only says whether it is up to date (exit 1). */
import { join } from 'node:path'
import { sources } from '../src/catalogue.ts'
import { schemaFields } from '../src/document/schema-fields.ts'
import type { AnySource } from '../src/run/measuring.ts'
import { writeGenerated } from './lib/generated.ts'
import { root } from './lib/root.ts'

function section({ type, about, config }: AnySource): string {
  if (!about) throw new Error(`the source ${type} has no “about” for the reference`)
  const rows = schemaFields(config).fields.map(
    ({ name, needed, says }) => `| \`${name}\` | ${needed ? 'needed' : ''} | ${says.replaceAll('|', '\\|')} |`,
  )
  const notes = (about.notes ?? []).map((note) => `- ${note}`)
  return [
    `## ${type}`,
    about.does,
    ['| setting | | meaning |', '|---|---|---|', ...rows].join('\n'),
    `**Query.** ${about.query}`,
    `\`\`\`yaml\n${about.example}\n\`\`\``,
    ...(notes.length > 0 ? [notes.join('\n')] : []),
  ].join('\n\n')
}

const proxy = `## proxy:NAME

A proxy that the document declares under \`proxies\` is a source without being declared again: a measure names it with \`from: proxy:NAME\`. It is read once a second; what it
counted since the last reading is the value.

| query | gives |
|---|---|
| \`throughput\` | calls that arrived, per second, whatever their answer. That is not goodput: what Squall’s own traffic calls throughput counts good answers only |
| \`error_rate\` | of the calls that ended, those with a status of 500 or more or without a whole answer |
| \`latency_p50\` … \`latency_p99\` | from the arrival of a call’s head to the end of its answer, out of buckets: the verdict decides only what holds at both edges |
| \`connections\` | how many are open; also of a proxy that passes on bytes |

\`\`\`yaml
proxies:
  payments: { listen: 127.0.0.1:9001, upstream: http://127.0.0.1:8081 }
measures:
  payment_calls: { from: proxy:payments, query: throughput, max: { fault: 1/s after 10s } }
\`\`\`

- Calls are seen where \`upstream\` begins with \`http://\`; anything but \`connections\` of another proxy is refused.
- What an \`http\` fault does is in its numbers; what a \`network\` fault delays is not, since that lies between caller and counter. Measure the latency that callers feel at the callers.
- A second in which no call ended has no error rate and no latency: it is missing. So is one in which the proxy did not answer or was started again.
- A proxy of a Toxiproxy server cannot be asked for any of this.
- Sources are read once before the proxies of a run are started: one whose own address is a declared proxy would be refused as not readable. Let it ask the service itself.`

const own = `## Your own

A TypeScript or JavaScript file beside the document is a source: \`type\` is its path, \`with\` its parameters.

\`\`\`yaml
sources:
  queue: { type: ./queue-length.ts, with: { url: "http://localhost:15672/api", queue: orders } }
measures:
  waiting: { from: queue, max: { fault: 500 } }
\`\`\`

\`\`\`ts
import type { SourceModule } from 'squall'

interface Config {
  url: string
  queue: string
}

export default {
  async now({ url, queue }, _query, { secret, signal }) {
    const headers = { authorization: \`Bearer \${await secret('QUEUE_TOKEN')}\` }
    const response = await fetch(\`\${url}/queues/\${queue}\`, { headers, signal })
    if (!response.ok) return { missing: \`the API of the queue answered with status \${response.status}\` }
    const { waiting } = (await response.json()) as { waiting: number }
    return { value: waiting }
  },
} satisfies SourceModule<Config>
\`\`\`

Its default export has one of

- \`now(config, query, context)\`: asked once a second for each measure. What comes after its second is missing.
- \`range(config, query, { from, to }, context)\`: for a back end that remembers. Gives all samples of that window (ms since the epoch), each with its
  own time \`at\`, gaps as \`missing\`. It is asked again for everything at the end of each phase, \`lag\` ms later when the module has that field.

and may have \`check(config, query, context)\`, which gives \`{ step: 1000, problems: [] }\`, with \`unit\` when it knows it (without it the source is asked once), and
\`config\`, a zod schema for \`with\`. A reading is \`{ value }\`, \`{ bad, total }\` for a share of events, \`{ buckets: [[upperEdge, count], …] }\` with growing
counts, or \`{ missing: 'why' }\`. The context has \`secret(name)\`, \`log(line)\`, \`signal\`, \`measure\`, \`folder\` and \`step\`.

- The file runs in a process of its own with 256 MB of memory, as Node runs it: types that can be erased, no \`enum\`.
- A call that takes longer than 5 s, \`process.exit\`, a full heap or more than 1 MiB of output end that process. The reading is missing, the run goes on,
  and the next second starts another one: what the file keeps in variables is lost then.
- What it throws is the reason of a missing reading. A number that is not finite is missing too.
`

const text = `# Sources

<!-- Generated from src/catalogue.ts by scripts/generate-sources-doc.ts. -->

A source is where a measure comes from that Squall's own traffic does not give. It is declared once under \`sources\`, and a measure names it with
\`from\`; \`query\` says what to ask it for and is the measure's own name when left out.

Before a run each source is checked: can it be reached, does it let us in, does the query give exactly one series, in which unit, how often.
All problems are told at once and nothing is started. During the run, what cannot be read is *missing*, with its reason; it never becomes a number.
\`\${secret:NAME}\` may stand where the table says so.

${sources.map(section).join('\n\n')}

${proxy}

${own}`

writeGenerated(join(root, 'docs', 'reference', 'sources.md'), text)
