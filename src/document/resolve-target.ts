/** `target`: one place, by name or query; `pick`; and what narrows. The branch is chosen by the key that is there. */
import { type Checking, checkShape, unknownKey } from './check-shape.ts'
import type { CatalogueFault, DocumentCatalogue } from './document-catalogue.ts'
import type { Pick, Place, TargetQuery, TargetSpec } from './experiment.ts'
import { asMap, type Path } from './located.ts'
import { parseQuantity, quote, readQuantity } from './quantity.ts'
import { text } from './schema-types.ts'
import { narrowingSays, places, queryShapeAt } from './shapes.ts'

const narrowing = Object.keys(narrowingSays)

/** The target of a fault whose type is known; undefined when it has none or when it is wrong (then that is collected). */
export function resolveTarget(
  checking: Checking,
  fault: CatalogueFault,
  value: unknown,
  path: Path,
  catalogue: DocumentCatalogue,
): TargetSpec | undefined {
  const { collect } = checking
  const possible = fault.places.filter((place) => place !== 'none')
  if (possible.length === 0) {
    if (value !== undefined)
      collect.add(path, 'key-unknown', `a fault of type ${fault.type} has no target`, { at: 'key', fix: 'remove target' })
    return undefined
  }
  const example = `write e.g. target: { ${possible[0]}: ${possible[0] === 'host' ? 'local' : 'NAME'} }`
  if (value === undefined) {
    if (!fault.places.includes('none'))
      collect.add(path.slice(0, -1), 'key-missing', `a fault of type ${fault.type} needs the key “target”`, { at: 'key', fix: example })
    return undefined
  }
  const map = asMap(value)
  if (!map) return void collect.add(path, 'wrong-type', 'expected a map with one place', { fix: example })
  const named = Object.keys(map).filter((key): key is Place => (places as readonly string[]).includes(key))
  for (const key of Object.keys(map)) {
    if (key !== 'pick' && !narrowing.includes(key) && !(places as readonly string[]).includes(key))
      unknownKey(checking, [...path, key], key, [...places, 'pick', ...narrowing])
  }
  const place = named[0]
  if (place === undefined) {
    if (!collect.failedAt(path)) collect.add(path, 'key-missing', 'names no place', { fix: example })
    return undefined
  }
  for (const second of named.slice(1))
    collect.add([...path, second], 'value-not-allowed', `a target is one place: ${place} stands here too`, {
      at: 'key',
      fix: 'write a second fault for the other place',
    })
  if (!fault.places.includes(place)) return void impossible(checking, fault, place, [...path, place], catalogue)
  const query = resolveQuery(checking, place, map[place], [...path, place])
  const pick = resolvePick(checking, map.pick, [...path, 'pick'])
  return { place, query, pick, narrowing: resolveNarrowing(checking, fault, map, path) }
}

/** Tells keys of a target that stand directly in the fault, and gives the others back. `spec`: the fault's own parameters. */
export function withoutStrayKeys(
  { collect }: Checking,
  parameters: Record<string, unknown>,
  spec: readonly string[],
  path: Path,
): Record<string, unknown> {
  const stray = [...places, ...narrowing, 'pick'].filter((key) => key in parameters && !spec.includes(key))
  for (const key of stray)
    collect.add([...path, key], 'key-unknown', 'belongs into target', { at: 'key', fix: `write target: { ${key}: … }` })
  return Object.fromEntries(Object.entries(parameters).filter(([key]) => !stray.includes(key)))
}

/** A place at which other faults act is impossible for this type; one at which nothing acts is not available yet. */
function impossible({ collect }: Checking, fault: CatalogueFault, place: Place, path: Path, catalogue: DocumentCatalogue): void {
  const possible = fault.places.filter((other) => other !== 'none').join(', ')
  const known = catalogue.faults.some((other) => other.places.includes(place))
  if (known) collect.add(path, 'place-impossible', `${fault.type} cannot act at a ${place}`, { at: 'key', fix: `possible: ${possible}` })
  else
    collect.add(path, 'fault-not-available', `${fault.type} at a ${place} is not available yet`, {
      at: 'key',
      fix: `available: ${possible}`,
    })
}

function resolveQuery(checking: Checking, place: Place, value: unknown, path: Path): TargetQuery {
  if (asMap(value)) {
    const { pick, ...narrowed } = value as Record<string, unknown>
    if (pick !== undefined)
      checking.collect.add([...path, 'pick'], 'key-unknown', 'stands beside the place, not inside it', {
        at: 'key',
        fix: `write target: { ${place}: …, pick: … }`,
      })
    const query = checkShape(checking, queryShapeAt(place), narrowed, path) ?? {}
    if (Object.keys(value as object).length === 0)
      checking.collect.add(path, 'value-not-allowed', 'an empty query would mean everything', { fix: `write e.g. ${place}: NAME` })
    if (place === 'host') checking.collect.add(path, 'value-not-allowed', 'a host is not searched for', { fix: 'write host: local' })
    if (place === 'proxy') checking.collect.add(path, 'value-not-allowed', 'a proxy is not searched for', { fix: 'write proxy: NAME' })
    return Object.fromEntries(Object.entries(query).filter(([, part]) => part !== undefined))
  }
  const name = checkShape(checking, text, value, path)
  if (place === 'host' && name !== undefined && name !== 'local') {
    checking.collect.add(path, 'value-not-allowed', `${quote(name)}: only the machine Squall runs on can be a host`, {
      fix: 'write host: local',
    })
  }
  return name === undefined ? {} : { name }
}

function resolvePick({ located, collect }: Checking, value: unknown, path: Path): Pick {
  if (value === undefined) return { count: 1 }
  if (value === 'all') return { all: true }
  const fix = 'write a number, a percentage such as 50%, or all'
  if (typeof value !== 'string' && typeof value !== 'number') {
    collect.add(path, 'wrong-type', 'expected how many', { at: value === null ? 'key' : 'value', fix })
    return { count: 1 }
  }
  const source = typeof value === 'number' ? (located.source(path) ?? String(value)) : value
  const parsed = parseQuantity(source)
  if (!parsed.ok) collect.add(path, 'quantity', `${quote(source)} is not a number of targets`, { fix })
  else if (parsed.value.unit === 'share' && parsed.value.value > 0 && parsed.value.value <= 1) return { share: parsed.value.value }
  else if (parsed.value.unit !== 'count' || !Number.isSafeInteger(parsed.value.value) || parsed.value.value < 1)
    collect.add(path, 'quantity', `${quote(source)} is not a number of targets`, { fix })
  const count = readQuantity(source, 'count')
  return { count: count.ok ? count.value : 1 }
}

function resolveNarrowing(checking: Checking, fault: CatalogueFault, map: Record<string, unknown>, path: Path): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const key of narrowing.filter((name) => name in map)) {
    const schema = fault.narrows?.[key]
    if (schema) kept[key] = checkShape(checking, schema, map[key], [...path, key])
    else
      checking.collect.add([...path, key], 'key-unknown', `${fault.type} always acts on the whole target`, {
        at: 'key',
        fix: `remove ${key}`,
      })
  }
  return kept
}
