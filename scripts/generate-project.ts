/** Makes schema/project.json and docs/reference/project.md from the project file's schema. `--check`: only says whether they are up to date (exit 1). */
import { join } from 'node:path'
import { documentCatalogue } from '../src/catalogue.ts'
import { projectSchema } from '../src/document/project-schema.ts'
import { writeGenerated } from './lib/generated.ts'
import { root } from './lib/root.ts'

interface Field {
  description?: string
  type?: string
  properties?: Record<string, Field>
}

const schema = projectSchema(documentCatalogue) as Field & { $defs: { policy: Field } }

function part(...path: string[]): Field {
  const found = path.reduce<Field | undefined>((at, key) => at?.properties?.[key], schema)
  if (!found) throw new Error(`the project file has no ${path.join('.')}`)
  return found
}

/** A table of the keys; keys of maps inside are named by their path. */
function table(field: Field): string {
  const rows = (of: Field, before: string): string[] =>
    Object.entries(of.properties ?? {}).flatMap(([name, inner]) => [
      `| \`${before}${name}\` | ${(inner.description ?? '').replaceAll('|', '\\|')} |`,
      ...rows(inner, `${before}${name}.`),
    ])
  return ['| key | meaning |', '|---|---|', ...rows(field, '')].join('\n')
}

const text = `# The project file

<!-- Generated from src/document/project-shape.ts by scripts/generate-project.ts. -->

\`squall.yaml\` says what holds for all experiments below its folder, where the author of an experiment cannot lift it. It is looked for in the folder of the
document and in those above it, no further than the root of the repository. \`--project FILE\` names another one, \`--no-project\` does without.
\`squall plan\` and \`squall doctor\` show which file holds. Editors complete it by \`schema/project.json\`.

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/squall/schema/project.json
environments:
  staging: { max_targets: 50% }
  production:
    max_targets: 1
    places: [process, proxy]
    max_duration: 15m
    hours: { days: mon-thu, from: "09:00", to: "16:00", zone: Europe/Berlin }
    must_expire: true
defaults:
  owner: team-payments
  traffic: { timeout: 2s }
secrets: .squall-secrets
\`\`\`

An unknown key is an error, like in a document: nothing stands here that nobody reads.

## environments

One policy for each of \`test\`, \`staging\` and \`production\`; the \`environment\` of a document chooses. What is left out is not limited.

${table(schema.$defs.policy)}

\`squall validate\` warns of what a document breaks, \`squall plan\` says what would be refused now, \`squall run\` refuses it (exit code 2) before anything is started.
The number of targets and what expires are known only when the targets are: the guardian, the process that makes the changes, looks at both when it arms, and again
right before it injects, when the targets may have become others.

Hours count by the clock of their time zone, also when it is put forward or back. A run must begin within them, and be over before they end.

## defaults

They stand where a document says nothing; in \`traffic\` and \`phases\` key by key. \`traffic\` only completes documents that have some.

${table(part('defaults'))}

## secrets

${part('secrets').description}
A file that others can read or write, or that belongs to somebody else, is refused (\`chmod 600\`). Do not put it under version control.

\`\`\`
# comment
PG_PASSWORD=correct horse battery staple
API_KEY="in quotes, if you like"
\`\`\`

\`\${secret:NAME}\` takes the environment variable \`NAME\` when it is set, else the line of this file. Values are kept in memory only: records hold the reference, and in
everything that Squall prints, records or reports a value reads \`•••\`, also when it is percent-encoded, escaped, or in base64. Less than four characters are refused. A fault may read
only the secrets that its document names: in a module's \`with\`, or under \`secrets\` of a \`command\`.
`

writeGenerated(join(root, 'schema', 'project.json'), `${JSON.stringify(schema, null, 2)}\n`)
writeGenerated(join(root, 'docs', 'reference', 'project.md'), text)
