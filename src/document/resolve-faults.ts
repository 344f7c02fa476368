/** The `faults` part: built-in types by the injectors' schemas, own modules by their path. */
import { basename } from 'node:path'
import { checkAtDatabase } from './at-database.ts'
import { checkAtProxy } from './at-proxy.ts'
import { type Checking, checkShape, keysAt, typeMissing, unknownKey } from './check-shape.ts'
import type { CatalogueFault, DocumentCatalogue } from './document-catalogue.ts'
import type { Fault, Place, ProxySpec, SourceSpec } from './experiment.ts'
import { comesLater, faultEntry, placesOfType } from './fault-entry.ts'
import { resolveTiming } from './fault-timing.ts'
import { asMap, type Path } from './located.ts'
import { nearest, suggestion } from './nearest.ts'
import { checkModulePath, isModulePath } from './own-module.ts'
import { quote } from './quantity.ts'
import { readDials, readRange } from './resolve-dials.ts'
import { resolveTarget, withoutStrayKeys } from './resolve-target.ts'
import { nameShape, places } from './shapes.ts'

const common = ['type', 'target', 'name', 'after', 'for', 'every', 'ramp']

export interface FaultSurroundings {
  catalogue: DocumentCatalogue
  /** Folder of the document: own modules are found from here. */
  folder: string
  /** What is declared in `proxies`. */
  proxies: readonly ProxySpec[]
  /** Those of `sources` that are in order, and the names of all. */
  sources: readonly SourceSpec[]
  declared: readonly string[]
}

/** The faults that are in order; what is wrong with the others is collected. */
export function resolveFaults(checking: Checking, value: unknown, around: FaultSurroundings): Fault[] {
  const { collect } = checking
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    collect.add(['faults'], 'wrong-type', 'expected a list of faults', {
      at: value === null ? 'key' : 'value',
      fix: 'begin each fault with “- type: …”',
    })
    return []
  }
  if (value.length === 0)
    collect.add(['faults'], 'value-not-allowed', 'there is no fault: nothing would be tried', { fix: 'write e.g. - type: pause' })
  const faults = value.map((item, index) => resolveFault(checking, item, ['faults', index], around)).filter((fault) => fault !== undefined)
  checkNames(checking, value)
  return faults
}

function resolveFault(checking: Checking, value: unknown, path: Path, around: FaultSurroundings): Fault | undefined {
  const { collect, located } = checking
  const map = asMap(value)
  if (!map) return void collect.add(path, 'wrong-type', 'expected a fault with a type', { fix: 'write e.g. - type: pause' })
  if (typeof map.type !== 'string') {
    const types = typesIn(around.catalogue)
    const meant = types.find((type) => type in map)
    const fix = meant === undefined ? `available: ${types.join(', ')}` : `write type: ${meant}`
    if (map.type === undefined) typeMissing(checking, map, path, fix)
    else collect.add([...path, 'type'], 'wrong-type', 'expected the name of a type', { fix })
    return undefined
  }
  const rest = Object.fromEntries(Object.entries(map).filter(([key]) => !common.includes(key)))
  const said = checkAtProxy(checking, map, path, around.proxies)
  checkAtDatabase(checking, map, path, around)
  const own = isModulePath(map.type)
  const place = placeIn(map.target)
  const known = faultEntry(around.catalogue.faults, map.type, place)
  if (!own && !known) return void notAvailable(checking, map.type, path, around.catalogue)
  if (known && comesLater(around.catalogue.faults, map.type, place))
    return void notAtPlace(checking, map.type, place, path, around.catalogue)
  const base = resolveTiming(checking, map, path)
  const name = map.name === undefined ? defaultName(map.type) : checkShape(checking, nameShape, map.name, [...path, 'name'])
  const shared = { ...base, name: name ?? '', line: located.position(path, 'value').line }
  if (own) return ownModule(checking, map, map.type, rest, path, around, shared)
  if (!known) return undefined
  const parts = known.places.includes('none') ? rest : withoutStrayKeys(checking, rest, keysAt(known.spec, []), path)
  const target =
    map.target === undefined && targetElsewhere(rest, parts)
      ? undefined
      : resolveTarget(
          checking,
          { ...known, places: placesOfType(around.catalogue.faults, known.type) },
          map.target,
          [...path, 'target'],
          around.catalogue,
        )
  const read = parameters(silentAt(checking, said, path), known, parts, path)
  const ranges = Object.values(rest).some((value) => typeof value === 'string' && value.includes('..'))
  checkRampMoves(checking, map, known.dials ?? [], ranges, path)
  return read && { ...shared, type: map.type, ...(target && { target }), ...read }
}

/** The place that a target names, before anything about it is checked. */
function placeIn(target: unknown): Place | undefined {
  const keys = Object.keys(asMap(target) ?? {})
  return places.find((place) => keys.includes(place))
}

/** A target that is there under a wrong name, or whose keys stand in the fault, is not missing. */
function targetElsewhere(rest: Record<string, unknown>, parts: Record<string, unknown>): boolean {
  return Object.keys(parts).length < Object.keys(rest).length || Object.keys(rest).some((key) => nearest(key, common) === 'target')
}

function notAvailable({ collect }: Checking, type: string, path: Path, catalogue: DocumentCatalogue): void {
  const types = typesIn(catalogue)
  const near = suggestion(type, types)
  collect.add([...path, 'type'], 'fault-not-available', `there is no fault of type ${quote(type)} in this version`, {
    fix: near ?? `available: ${types.join(', ')}, or your own: ./file.ts`,
  })
}

function notAtPlace({ collect }: Checking, type: string, place: Place, path: Path, catalogue: DocumentCatalogue): void {
  const available = placesOfType(catalogue.faults, type).filter((each) => each !== 'none')
  collect.add([...path, 'target', place], 'fault-not-available', `${type} at a ${place} is not available yet`, {
    at: 'key',
    fix: `available: ${available.join(', ')}`,
  })
}

function typesIn({ faults }: DocumentCatalogue): string[] {
  return [...new Set(faults.map(({ type }) => type))]
}

/** The fault's own parameters by its schema, and those that move. */
function parameters(
  checking: Checking,
  known: CatalogueFault,
  rest: Record<string, unknown>,
  path: Path,
): Pick<Fault, 'spec' | 'dials'> | undefined {
  const { values, dials, wrong } = readDials(checking, known, rest, path)
  const spec = checkShape(silentAt(checking, wrong, path), known.spec, values, path, common) as Record<string, unknown> | undefined
  return spec && { spec, ...(Object.keys(dials).length > 0 && { dials }) }
}

/** The same checking, without a word about parameters of which everything has been said. */
function silentAt(checking: Checking, keys: readonly string[], path: Path): Checking {
  const { problems, add, failedAt, failed } = checking.collect
  const quiet: typeof add = (at, ...what) => {
    if (!keys.includes(String(at[path.length]))) add(at, ...what)
  }
  return { ...checking, collect: { problems, failedAt, failed, add: quiet } }
}

/** A ramp needs something that moves. */
function checkRampMoves({ collect }: Checking, map: Record<string, unknown>, dials: readonly string[], moves: boolean, path: Path): void {
  if (map.ramp === undefined || moves) return
  const fix = dials.length === 0 ? 'remove ramp' : `write ${dials[0]} as a range a..b, or remove ramp`
  collect.add([...path, 'ramp'], 'ramp-without-range', 'nothing moves: a ramp needs a parameter with a range', { at: 'key', fix })
}

type Shared = Omit<Fault, 'type' | 'spec' | 'target'>

function ownModule(
  checking: Checking,
  map: Record<string, unknown>,
  type: string,
  rest: Record<string, unknown>,
  path: Path,
  around: FaultSurroundings,
  shared: Shared,
): Fault | undefined {
  const { collect } = checking
  const parameters = map.with === undefined ? {} : asMap(map.with)
  if (!parameters)
    collect.add([...path, 'with'], 'wrong-type', 'expected a map of parameters', { fix: 'write e.g. with: { flag: checkout }' })
  if (map.target !== undefined)
    collect.add([...path, 'target'], 'key-unknown', 'an own fault has no target', { at: 'key', fix: 'pass what it needs in with: { … }' })
  for (const key of Object.keys(rest).filter((name) => name !== 'with'))
    unknownKey(checking, [...path, key], key, ['with', 'name', 'after', 'for', 'every', 'ramp'])
  const ranges = Object.values(parameters ?? {}).some((value) => typeof value === 'string' && readRange(value))
  if (parameters) checkRampMoves(checking, map, ['with: { … }'], ranges, path)
  if (!checkModulePath(checking, type, [...path, 'type'], around.folder, 'an own fault')) return undefined
  return parameters ? { ...shared, type, spec: JSON.parse(JSON.stringify(parameters)) } : undefined
}

function defaultName(type: string): string {
  if (!isModulePath(type)) return type
  const name = basename(type)
    .replace(/\.[cm]?[jt]s$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
  return name === '' ? 'own' : name.slice(0, 63)
}

function checkNames({ collect }: Checking, faults: readonly unknown[]): void {
  const seen = new Set<string>()
  faults.forEach((fault, index) => {
    const map = asMap(fault)
    const name = typeof map?.name === 'string' ? map.name : typeof map?.type === 'string' ? defaultName(map.type) : undefined
    if (name === undefined) return
    if (seen.has(name)) {
      const path = map?.name === undefined ? ['faults', index, 'type'] : ['faults', index, 'name']
      collect.add(path, 'name-taken', `another fault is called ${quote(name)}`, { fix: `write name: ${name}-${index + 1}` })
    }
    seen.add(name)
  })
}
