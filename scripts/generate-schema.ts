/** Writes `schema/experiment.json`; with `--check` says whether it is up to date (exit 1 when not). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { documentCatalogue } from '../src/catalogue.ts'
import { experimentSchema } from '../src/document/json-schema.ts'

const path = fileURLToPath(new URL('../schema/experiment.json', import.meta.url))
const text = `${JSON.stringify(experimentSchema(documentCatalogue), null, 2)}\n`

if (!process.argv.includes('--check')) writeFileSync(path, text)
else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
  process.stderr.write('schema/experiment.json is not up to date: node scripts/generate-schema.ts\n')
  process.exitCode = 1
}
