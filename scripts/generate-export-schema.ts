/**
 * Writes `schema/export.json`, what `squall export` prints, from the types themselves: their comments become its descriptions.
 * With `--check` says whether it is up to date (exit 1 when not).
 */
import { join } from 'node:path'
import { createGenerator } from 'ts-json-schema-generator'
import { writeGenerated } from './lib/generated.ts'
import { root } from './lib/root.ts'

const generated = createGenerator({
  path: join(root, 'src/report/export.ts'),
  tsconfig: join(root, 'tsconfig.json'),
  type: 'ExportedRun',
  topRef: false,
  jsDoc: 'extended',
  // A later Squall may add keys; what is there keeps its meaning.
  additionalProperties: true,
  skipTypeCheck: true, // `npm run check` has done it.
}).createSchema('ExportedRun')

/** JSON has no infinities: the export writes them as texts. */
const number = { anyOf: [{ type: 'number' }, { enum: ['Infinity', '-Infinity', 'NaN'] }] }

function withNumbers(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withNumbers)
  if (typeof part !== 'object' || part === null) return part
  const { type, ...rest } = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, withNumbers(value)]))
  const enumerated = 'const' in rest || 'enum' in rest
  if (type === 'number' && !enumerated) return { ...rest, $ref: '#/definitions/Number' }
  if (Array.isArray(type) && type.includes('number') && !enumerated) {
    const others = type.filter((each) => each !== 'number').map((each) => ({ type: each as string }))
    return { ...rest, anyOf: [{ $ref: '#/definitions/Number' }, ...others] }
  }
  return type === undefined ? rest : { type, ...rest }
}

const { $schema, definitions, description, ...top } = withNumbers(generated) as Record<string, object>
const schema = {
  $schema,
  title: 'A run of Squall, as squall export prints it',
  description,
  ...top,
  definitions: { ...definitions, Number: number },
}

writeGenerated(join(root, 'schema', 'export.json'), `${JSON.stringify(schema, null, 2)}\n`)
