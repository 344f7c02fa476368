/** The `sources` part: each by the schema of its type. */
import { type Checking, checkShape, typeMissing } from './check-shape.ts'
import type { DocumentCatalogue } from './document-catalogue.ts'
import type { SourceSpec } from './experiment.ts'
import { asMap, type Path } from './located.ts'
import { suggestion } from './nearest.ts'
import { quote } from './quantity.ts'

/** Types of the format; those the catalogue lacks are “not available yet” rather than unknown. */
const inTheFormat = ['prometheus', 'datadog', 'oneuptime', 'endpoint', 'postgres', 'redis', 'command']

/** The sources that are in order, and the names of all that are declared. */
export function resolveSources(
  checking: Checking,
  value: unknown,
  catalogue: DocumentCatalogue,
): { sources: SourceSpec[]; declared: string[] } {
  const { collect } = checking
  if (value === undefined) return { sources: [], declared: [] }
  const map = asMap(value)
  if (!map) {
    collect.add(['sources'], 'wrong-type', 'expected a map of sources', {
      at: value === null ? 'key' : 'value',
      fix: 'write e.g. app: { type: endpoint, url: http://localhost:8080/metrics }',
    })
    return { sources: [], declared: [] }
  }
  if (typeof map.type === 'string') {
    collect.add(['sources', 'type'], 'wrong-type', 'a source needs a name', { at: 'key', fix: `write app: { type: ${map.type}, … }` })
    return { sources: [], declared: [] }
  }
  const sources = Object.entries(map).map(([name, written]) => resolveSource(checking, name, written, catalogue))
  return { sources: sources.filter((source) => source !== undefined), declared: Object.keys(map) }
}

function resolveSource(checking: Checking, name: string, written: unknown, catalogue: DocumentCatalogue): SourceSpec | undefined {
  const { collect } = checking
  const path: Path = ['sources', name]
  if (!/^[A-Za-z][\w-]*$/.test(name) || name === 'traffic') {
    const message =
      name === 'traffic' ? 'this name is taken: it means Squall’s own traffic' : 'a source’s name has letters, digits, _ and -'
    collect.add(path, 'value-not-allowed', message, { at: 'key', fix: 'give it another name' })
  }
  const map = asMap(written)
  if (!map)
    return void collect.add(path, 'wrong-type', 'expected a map with a type', {
      fix: 'write e.g. { type: endpoint, url: http://localhost:8080/metrics }',
    })
  if (map.type === undefined) return void typeMissing(checking, map, path, `possible: ${available(catalogue)}`)
  if (typeof map.type !== 'string')
    return void collect.add([...path, 'type'], 'wrong-type', 'expected the name of a type', { fix: `possible: ${available(catalogue)}` })
  const type = map.type
  const known = catalogue.sources.find((source) => source.type === type)
  if (!known) {
    if (inTheFormat.includes(type) || /^\.{1,2}\//.test(type)) {
      return void collect.add([...path, 'type'], 'not-available-yet', `sources of type ${quote(type)} are not available yet`, {
        fix: `available: ${available(catalogue)}`,
      })
    }
    const fix = suggestion(type, inTheFormat) ?? `possible: ${available(catalogue)}`
    return void collect.add([...path, 'type'], 'value-not-allowed', `there is no source of type ${quote(type)}`, { fix })
  }
  const { type: _, ...rest } = map
  const config = checkShape(checking, known.config, rest, path)
  return config === undefined ? undefined : { name, type, config: config as Record<string, unknown> }
}

function available(catalogue: DocumentCatalogue): string {
  return catalogue.sources.map((source) => source.type).join(', ')
}
