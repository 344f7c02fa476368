/** The `sources` part: each by the schema of its type. */
import { type Checking, checkShape, typeMissing, unknownKey } from './check-shape.ts'
import type { DocumentCatalogue } from './document-catalogue.ts'
import type { SourceSpec } from './experiment.ts'
import { asMap, type Path } from './located.ts'
import { suggestion } from './nearest.ts'
import { checkModulePath, isModulePath } from './own-module.ts'
import { quote } from './quantity.ts'

/** The types there will be; those the catalogue lacks are “not available yet” rather than unknown. */
const inTheFormat = ['prometheus', 'datadog', 'oneuptime', 'endpoint', 'postgres', 'redis', 'command']

export interface SourceSurroundings {
  catalogue: DocumentCatalogue
  /** Folder of the document: own modules are found from here. */
  folder: string
}

/** The sources that are in order, and the names of all that are declared. */
export function resolveSources(
  checking: Checking,
  value: unknown,
  around: SourceSurroundings,
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
  const sources = Object.entries(map).map(([name, written]) => resolveSource(checking, name, written, around))
  return { sources: sources.filter((source) => source !== undefined), declared: Object.keys(map) }
}

function resolveSource(checking: Checking, name: string, written: unknown, around: SourceSurroundings): SourceSpec | undefined {
  const { collect } = checking
  const { catalogue } = around
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
  if (isModulePath(type)) return ownSource(checking, name, type, map, around.folder)
  const known = catalogue.sources.find((source) => source.type === type)
  if (!known) {
    if (inTheFormat.includes(type)) {
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

function ownSource(checking: Checking, name: string, type: string, map: Record<string, unknown>, folder: string): SourceSpec | undefined {
  const path: Path = ['sources', name]
  const parameters = map.with === undefined ? {} : asMap(map.with)
  if (!parameters)
    checking.collect.add([...path, 'with'], 'wrong-type', 'expected a map of parameters', { fix: 'write e.g. with: { queue: orders }' })
  for (const key of Object.keys(map).filter((one) => one !== 'type' && one !== 'with')) unknownKey(checking, [...path, key], key, ['with'])
  if (!checkModulePath(checking, type, [...path, 'type'], folder, 'an own source')) return undefined
  return parameters ? { name, type, config: JSON.parse(JSON.stringify(parameters)) } : undefined
}

function available(catalogue: DocumentCatalogue): string {
  return [...catalogue.sources.map((source) => source.type), 'your own ./file.ts'].join(', ')
}
