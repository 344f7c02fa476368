/** The `measures` part: what is measured, from where, and what is allowed. */
import { unitIn } from './bounds.ts'
import { type Checking, checkShape, unknownKey } from './check-shape.ts'
import type { Cells, Measure, Unit } from './experiment.ts'
import { asMap, type Path } from './located.ts'
import { type KnownMeasure, knownMeasure, trafficMeasures } from './measure-defaults.ts'
import { suggestion } from './nearest.ts'
import { exampleOf, quote } from './quantity.ts'
import { resolveCells } from './resolve-cells.ts'
import { text } from './schema-types.ts'
import { sourceUnits, units, writtenUnits } from './shapes.ts'

const keys = ['from', 'query', 'unit', 'max', 'min']

export interface MeasureSurroundings {
  hasTraffic: boolean
  /** Names of all declared sources. */
  declared: readonly string[]
}

/** All measures, in the document's order, then those that are there anyway. */
export function resolveMeasures(checking: Checking, value: unknown, around: MeasureSurroundings): Measure[] {
  const { collect } = checking
  const map = value === undefined ? {} : asMap(value)
  if (!map) collect.add(['measures'], 'wrong-type', 'expected a map of measures', { fix: 'write e.g. error_rate: { max: 1% }' })
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
  const { collect } = checking
  const path: Path = ['measures', name]
  if (!/^[A-Za-z]\w*$/.test(name)) collect.add(path, 'value-not-allowed', 'a measure’s name has letters, digits and _', { at: 'key' })
  const map = value === 'none' ? {} : asMap(value)
  if (!map)
    return void collect.add(path, 'wrong-type', 'expected none, or a map with max or min', {
      at: value === null ? 'key' : 'value',
      fix: `write e.g. ${name}: { max: … }`,
    })
  for (const key of Object.keys(map)) if (!keys.includes(key)) unknownKey(checking, [...path, key], key, [...keys])
  const query = word(checking, map.query, [...path, 'query']) ?? name
  const from = sourceOf(checking, name, map.from, path, around)
  if (from === undefined) return undefined
  if (name === 'recovery_time') return recoveryTime(checking, map, path)
  const known = from === 'traffic' ? knownMeasure(query) : knownMeasure(name)
  if (from === 'traffic' && (!known || query === 'recovery_time')) {
    const fix = suggestion(query, trafficMeasures) ?? `traffic gives ${trafficMeasures.join(', ')}; anything else needs from: NAME`
    const at: Path = 'query' in map ? [...path, 'query'] : path
    return void collect.add(at, 'from-missing', `traffic has no measure ${quote(query)}`, { at: 'query' in map ? 'value' : 'key', fix })
  }
  const { unit, factor } = unitOf(checking, map, path, known?.unit)
  const off = value === 'none'
  const [max, min] = (['max', 'min'] as const).map((direction) =>
    resolveCells(checking, map[direction], {
      path: [...path, direction],
      direction,
      unit,
      defaults: off ? {} : (known?.[direction] ?? {}),
    }),
  ) as [Cells, Cells]
  // A source gives values that were computed elsewhere: its p99 is a level like any other gauge.
  const is = from === 'traffic' && known ? known.is : ({ kind: 'level' } as const)
  const measure: Measure = { name, is, unit: unit ?? 'count', from, query, max, min }
  const quantile = from === 'traffic' ? undefined : wantedQuantile(name, query)
  if (quantile !== undefined) measure.quantile = quantile
  if (factor !== undefined && from !== 'traffic') measure.factor = factor
  return measure
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

/** Where the measure comes from; undefined after having collected why that can't be told. */
function sourceOf(checking: Checking, name: string, written: unknown, path: Path, around: MeasureSurroundings): string | undefined {
  const { collect } = checking
  if (name === 'recovery_time') return 'traffic'
  const possible = [...(around.hasTraffic ? ['traffic'] : []), ...around.declared]
  if (written === undefined) {
    if (around.hasTraffic && (knownMeasure(name) || near(name))) return 'traffic'
    if (around.hasTraffic) {
      collect.add(path, 'from-missing', 'needs “from”: traffic does not measure it', {
        at: 'key',
        fix: possible.length > 1 ? `write from: ${possible.slice(1).join(' or ')}` : 'declare a source and name it with from',
      })
    } else {
      collect.add(path, 'from-missing', 'without traffic it needs “from”', {
        at: 'key',
        fix: possible.length > 0 ? `write from: ${possible.join(' or ')}` : 'declare traffic, or a source and name it with from',
      })
    }
    return undefined
  }
  const from = word(checking, written, [...path, 'from'])
  if (from === undefined) return undefined
  if (from.startsWith('proxy:'))
    return void collect.add([...path, 'from'], 'not-available-yet', 'measures of a proxy are not available yet')
  if (possible.includes(from)) return from
  const message = from === 'traffic' ? 'there is no traffic in this document' : `no source is called ${quote(from)}`
  return void collect.add([...path, 'from'], 'source-unknown', message, {
    fix: suggestion(from, possible) ?? (possible.length > 0 ? `declared: ${possible.join(', ')}` : 'declare it in sources'),
  })
}

/** A misspelt name of a traffic measure is told as such, not as a missing source. */
function near(name: string): boolean {
  return suggestion(name, trafficMeasures) !== undefined
}

/** Of a source's buckets: what `p99(…)` in the query says, else what the measure's name ends in (`checkout_p95`). */
function wantedQuantile(name: string, query: string): number | undefined {
  const percent = /^\s*p(\d\d?(?:\.\d+)?)\(/.exec(query)?.[1] ?? /_p(\d\d)$/.exec(name)?.[1]
  return percent === undefined ? undefined : Number((Number(percent) / 100).toPrecision(12))
}

/** The unit of the bounds, and what one of the source's numbers is in it, where the two differ. */
function unitOf(
  checking: Checking,
  map: Record<string, unknown>,
  path: Path,
  known: Unit | undefined,
): { unit: Unit | undefined; factor?: number } {
  if (map.unit === undefined) return { unit: known ?? inferredUnit(checking, map, path) }
  const at = [...path, 'unit']
  const written = writtenUnits.find((unit) => unit === map.unit)
  if (written === undefined) {
    checking.collect.add(at, 'value-not-allowed', `${quote(String(map.unit))} is no unit: ${writtenUnits.join(', ')}`, {
      fix: suggestion(String(map.unit), units) ?? 'a number without a unit is “count”',
    })
    return { unit: known }
  }
  const { unit, factor } = written === 's' || written === '%' ? sourceUnits[written] : { unit: written, factor: undefined }
  if (known !== undefined && known !== unit) {
    checking.collect.add(at, 'value-not-allowed', `this measure is ${exampleOf(known)}`, {
      fix: `leave unit out, or write unit: ${known}`,
    })
    return { unit: known }
  }
  return { unit, ...(factor !== undefined && { factor }) }
}

/** The unit that the first telling bound speaks of; the others must agree, which their own check sees to. */
function inferredUnit({ located }: Checking, map: Record<string, unknown>, path: Path): Unit | undefined {
  for (const side of ['max', 'min']) {
    const cells = asMap(map[side])
    const texts = cells
      ? Object.keys(cells).map((key) => [cells[key], located.source([...path, side, key])])
      : [[map[side], located.source([...path, side])]]
    for (const [value, source] of texts) {
      const bound = typeof value === 'number' ? (source ?? String(value)) : value
      const unit = typeof bound === 'string' ? unitIn(bound) : undefined
      if (unit !== undefined) return unit
    }
  }
  return undefined
}

function word(checking: Checking, value: unknown, path: Path): string | undefined {
  return value === undefined ? undefined : checkShape(checking, text, value, path)
}
