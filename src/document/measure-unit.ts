/** In which unit a measure is bounded and counted. */
import { unitIn } from './bounds.ts'
import type { Checking } from './check-shape.ts'
import type { Unit } from './experiment.ts'
import { asMap, type Path } from './located.ts'
import { exampleOf, parseQuantity, quote } from './quantity.ts'
import { sourceUnits, writtenUnits } from './shapes.ts'

/** The unit of the bounds, and what one of the source's numbers is in it, where the two differ. */
export function unitOf(
  checking: Checking,
  map: Record<string, unknown>,
  path: Path,
  known: Unit | undefined,
): { unit: Unit | undefined; factor?: number } {
  if (map.unit === undefined) return { unit: known ?? inferredUnit(checking, map, path) }
  const at = [...path, 'unit']
  const written = writtenUnits.find((unit) => unit === map.unit)
  if (written === undefined) {
    const name = typeof map.unit === 'string' ? map.unit : undefined
    const message = name === undefined ? 'expected the name of a unit' : `${quote(name)} is not a unit of measures`
    const meant = name === undefined ? undefined : unitMeant(name)
    checking.collect.add(at, name === undefined ? 'wrong-type' : 'value-not-allowed', message, {
      fix: `write ${meant ?? writtenUnits.join(', ')}`,
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

/** `h`, `seconds` and `percent` are no names of units here, but it is clear what is meant. */
function unitMeant(written: string): string | undefined {
  const tried = parseQuantity(`1${written}`)
  const meant = tried.ok ? `1${written}` : (tried.fix ?? '').replace('write ', '')
  return writtenUnits.find((unit) => `1${unit}` === meant) ?? unitIn(meant)
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
