/** `max` and `min` of one measure: a plain bound for all phases, or a cell for each. */

import { parseAbort, parseBound } from './bounds.ts'
import type { Checking } from './check-shape.ts'
import { unknownKey } from './check-shape.ts'
import type { Cells, Unit } from './experiment.ts'
import { asMap, type Path } from './located.ts'
import type { Refusal } from './quantity.ts'

const phases = ['baseline', 'fault', 'recovery'] as const
export const cellNames: readonly string[] = [...phases, 'abort']

/** One side of a measure: where it stands, what it is about, and what holds where nothing is written. */
export interface Side {
  path: Path
  direction: 'max' | 'min'
  unit: Unit | undefined
  defaults: Cells
}

/** The cells over the defaults; a cell left out keeps its default. What is wrong is collected. */
export function resolveCells(checking: Checking, value: unknown, side: Side): Cells {
  const { path, direction, unit, defaults } = side
  if (value === undefined) return { ...defaults }
  const map = asMap(value)
  if (!map) return plainCells(checking, value, side)
  const cells: Cells = { ...defaults }
  for (const key of Object.keys(map)) {
    if (!cellNames.includes(key)) {
      unknownKey(checking, [...path, key], key, cellNames)
      continue
    }
    const text = cellText(checking, map[key], [...path, key])
    if (text === undefined) continue
    if (key === 'abort') {
      const abort = parseAbort(text, { direction, unit })
      if (abort.ok) cells.abort = abort.value
      else refuse(checking, [...path, key], abort)
      continue
    }
    const cell = key as (typeof phases)[number]
    const bound = parseBound(text, { direction, cell, unit })
    if (bound.ok) cells[cell] = bound.value
    else refuse(checking, [...path, key], bound)
  }
  return cells
}

function plainCells(checking: Checking, value: unknown, { path, direction, unit, defaults }: Side): Cells {
  const text = cellText(checking, value, path)
  if (text === undefined) return { ...defaults }
  const bound = parseBound(text, { direction, cell: 'fault', unit })
  if (!bound.ok) {
    refuse(checking, path, bound)
    return { ...defaults }
  }
  // Relative to baseline: the baseline itself always holds it, so there is nothing to judge in that cell.
  const relative = bound.value.limit.kind === 'times' || bound.value.limit.kind === 'plus'
  return { ...(!relative && { baseline: bound.value }), fault: bound.value, recovery: bound.value }
}

/** The text of a cell as written: numbers keep their digits. */
export function cellText({ located, collect }: Checking, value: unknown, path: Path): string | undefined {
  const written = located.source(path)
  if (typeof value === 'number') return written !== undefined && !written.includes('$') ? written : String(value)
  if (typeof value === 'string') return value
  const fix = 'write e.g. 300ms, 1.5x, +5pp or none'
  if (value === null) collect.add(path, 'wrong-type', 'has no value', { at: 'key', fix })
  else collect.add(path, 'wrong-type', 'expected a bound', { fix })
  return undefined
}

function refuse({ collect }: Checking, path: Path, refusal: Refusal): void {
  collect.add(path, 'bound', refusal.message, { fix: refusal.fix })
}
