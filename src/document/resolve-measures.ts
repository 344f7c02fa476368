/** The `measures` part: what is measured, from where, and what is allowed. */
import { type Checking, unknownKey } from './check-shape.ts'
import type { Cells, Measure } from './experiment.ts'
import { asMap, type Path } from './located.ts'
import { type KnownMeasure, knownMeasure, trafficMeasures } from './measure-defaults.ts'
import { countedHere, type MeasureSurroundings, proxyPrefix, sourceOf, wantedQuantile, word } from './measure-source.ts'
import { unitOf } from './measure-unit.ts'
import { cellNames, resolveCells } from './resolve-cells.ts'

const keys = ['from', 'query', 'unit', 'max', 'min']

/** All measures, in the document's order, then those that are there anyway. */
export function resolveMeasures(checking: Checking, value: unknown, around: MeasureSurroundings): Measure[] {
  const { collect } = checking
  const map = value === undefined ? {} : asMap(value)
  if (!map)
    collect.add(['measures'], 'wrong-type', 'expected a map of measures', {
      at: value === null ? 'key' : 'value',
      fix: 'write e.g. error_rate: { max: 1% }',
    })
  const written = Object.entries(map ?? {}).map(([name, cells]) => resolveMeasure(checking, name, cells, around))
  const measures = written.filter((measure) => measure !== undefined)
  const there = around.hasTraffic ? [...trafficMeasures, 'recovery_time'] : ['recovery_time']
  for (const name of there) {
    if (!Object.hasOwn(map ?? {}, name)) measures.push(defaultMeasure(name))
  }
  return measures
}

/** True when the verdict has something to decide on. */
export function isJudged(measure: Measure): boolean {
  const cells = [measure.max, measure.min].flatMap((side) => [side.baseline, side.fault, side.recovery])
  return cells.some((bound) => bound !== undefined && bound.limit.kind !== 'none')
}

function defaultMeasure(name: string): Measure {
  const known = knownMeasure(name) as KnownMeasure
  return { name, is: known.is, unit: known.unit, from: 'traffic', query: name, max: { ...known.max }, min: { ...known.min } }
}

function resolveMeasure(checking: Checking, name: string, value: unknown, around: MeasureSurroundings): Measure | undefined {
  const path: Path = ['measures', name]
  const map = writtenMeasure(checking, name, value, path)
  if (!map) return undefined
  const query = word(checking, map.query, [...path, 'query']) ?? name
  const from = sourceOf(checking, name, map.from, path, around)
  if (from === undefined) return undefined
  if (name === 'recovery_time') return recoveryTime(checking, map, path)
  // A source gives values that were computed elsewhere: its p99 is a level like any other gauge.
  const kind =
    from === 'traffic' || from.startsWith(proxyPrefix) ? countedHere(checking, from, query, map, path, around.proxies) : undefined
  if (kind === null) return undefined
  const known = from === 'traffic' ? knownMeasure(query) : knownMeasure(name)
  const { unit, factor } = unitOf(checking, map, path, (kind ?? known)?.unit)
  const [max, min] = (['max', 'min'] as const).map((direction) =>
    resolveCells(checking, map[direction], {
      path: [...path, direction],
      direction,
      unit,
      defaults: value === 'none' ? {} : (known?.[direction] ?? {}),
    }),
  ) as [Cells, Cells]
  const measure: Measure = { name, is: kind?.is ?? { kind: 'level' }, unit: unit ?? 'count', from, query, max, min }
  if (kind) return measure
  const quantile = wantedQuantile(name, query)
  if (quantile !== undefined) measure.quantile = quantile
  if (factor !== undefined) measure.factor = factor
  return measure
}

/** The keys of a measure, `none` being none of them; undefined when it is something else, which then is collected. */
function writtenMeasure(checking: Checking, name: string, value: unknown, path: Path): Record<string, unknown> | undefined {
  const { collect } = checking
  const map = value === 'none' ? {} : asMap(value)
  if (!map && keys.includes(name))
    return void collect.add(path, 'wrong-type', `${name} belongs to a measure`, { at: 'key', fix: 'indent it below the measure’s name' })
  if (!/^[A-Za-z]\w*$/.test(name))
    collect.add(path, 'value-not-allowed', 'a measure’s name has letters, digits and _', {
      at: 'key',
      fix: `write ${name.replace(/^[^A-Za-z]+/, '').replace(/\W+/g, '_') || 'another name'}`,
    })
  if (!map)
    return void collect.add(path, 'wrong-type', 'expected none, or a map with max or min', {
      at: value === null ? 'key' : 'value',
      fix: `write e.g. ${name}: { max: … }`,
    })
  for (const key of Object.keys(map)) if (!keys.includes(key)) unknownMeasureKey(checking, [...path, key], key)
  return map
}

/** A phase directly in a measure lacks its side. */
function unknownMeasureKey(checking: Checking, path: Path, key: string): void {
  if (!cellNames.includes(key)) return unknownKey(checking, path, key, keys)
  checking.collect.add(path, 'key-unknown', 'is a cell of max or min', { at: 'key', fix: `write max: { ${key}: … }` })
}

function recoveryTime(checking: Checking, map: Record<string, unknown>, path: Path): Measure {
  const { collect } = checking
  for (const key of ['from', 'query', 'unit', 'min']) {
    if (key in map)
      collect.add([...path, key], 'bound', `recovery_time is computed: it takes max only, not ${key}`, {
        at: 'key',
        fix: 'write recovery_time: { max: 30s }',
      })
  }
  const base = defaultMeasure('recovery_time')
  if (map.max === undefined) return base
  const at = [...path, 'max']
  if (asMap(map.max)) {
    collect.add(at, 'bound', 'recovery_time has no phases', { fix: 'write recovery_time: { max: 30s }' })
    return base
  }
  const cells = resolveCells(checking, map.max, { path: at, direction: 'max', unit: 'ms', defaults: {} })
  const bound = cells.recovery
  if (bound && (bound.after !== undefined || bound.limit.kind === 'times' || bound.limit.kind === 'plus')) {
    collect.add(at, 'bound', `${bound.text}: recovery_time takes a plain duration`, { fix: 'write e.g. max: 30s' })
  }
  return { ...base, max: bound ? { recovery: bound } : {} }
}
