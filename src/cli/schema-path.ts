/** Where an editor finds the schema of experiments from a document. */
import { dirname, relative } from 'node:path'
import { packagePath } from '../system/package-path.ts'

/** Relative where that is shorter: a document that is shared should not name one machine's folders. */
export function schemaFor(file: string): string {
  const schema = packagePath('schema/experiment.json')
  const way = relative(dirname(file), schema)
  return way.length < schema.length ? way : schema
}
