/** What differs between two experiments, key by key, in the words of a document. Comments and the order of keys do not matter. */
import type { Experiment, Unit } from '../document/experiment.ts'
import { formatQuantity } from '../document/quantity.ts'
import { shownExperiment } from './shown-experiment.ts'

export interface Difference {
  /** `measures.error_rate.max.fault`. */
  path: string
  /** null: not there. */
  a: string | null
  b: string | null
}

export function documentDifferences(a: Experiment, b: Experiment): Difference[] {
  const [left, right] = [flat(shownExperiment(a)), flat(shownExperiment(b))]
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((path) => ({ path, a: left.get(path) ?? null, b: right.get(path) ?? null }))
    .filter((difference) => difference.a !== difference.b)
}

/** Units of the keys that are numbers in the experiment and quantities in a document. */
const units: Readonly<Record<string, Unit>> = {
  ...{ warmup: 'ms', baseline: 'ms', fault: 'ms', recovery: 'ms', after: 'ms', for: 'ms', timeout: 'ms', rate: '/s' },
  ...{ delay: 'ms', jitter: 'ms', slice_pause: 'ms', bandwidth: 'bit/s', cut: 'bytes', slice: 'bytes' },
}

function flat(experiment: Experiment): Map<string, string> {
  const found = new Map<string, string>()
  const visit = (value: unknown, path: string, key: string): void => {
    if (Array.isArray(value)) {
      value.forEach((item, n) => visit(item, `${path}.${nameOf(item) ?? n}`, ''))
    } else if (typeof value === 'object' && value !== null) {
      const text = boundText(value)
      if (text !== null) found.set(path, text)
      else for (const [name, item] of Object.entries(value)) visit(item, path === '' ? name : `${path}.${name}`, name)
    } else if (value !== undefined) found.set(path, leaf(value, units[key]))
  }
  // The line of a fault says where it stands, not what it is.
  visit({ ...experiment, faults: experiment.faults.map(({ line: _line, ...fault }) => fault) }, '', '')
  return found
}

function leaf(value: unknown, unit: Unit | undefined): string {
  if (typeof value === 'number' && unit && value >= 0) return formatQuantity(value, unit)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A list of things with names is compared by name. */
function nameOf(item: unknown): string | null {
  const name = typeof item === 'object' && item !== null ? (item as { name?: unknown }).name : undefined
  return typeof name === 'string' ? name : null
}

/** A bound as its author wrote it. */
function boundText(value: object): string | null {
  return 'limit' in value && 'text' in value && typeof value.text === 'string' ? value.text : null
}
