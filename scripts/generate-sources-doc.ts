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

const text = `# Sources

<!-- Generated from src/catalogue.ts by scripts/generate-sources-doc.ts. -->

A source is where a measure comes from that Squall's own traffic does not give. It is declared once under \`sources\`, and a measure names it with
\`from\`; \`query\` says what to ask it for and is the measure's own name when left out.

Before a run each source is checked: can it be reached, does it let us in, does the query give exactly one series, in which unit, how often.
All problems are told at once and nothing is started. During the run, what cannot be read is *missing*, with its reason; it never becomes a number.
\`\${secret:NAME}\` may stand where the table says so.

${sources.map(section).join('\n\n')}
`

writeGenerated(join(root, 'docs', 'reference', 'sources.md'), text)
