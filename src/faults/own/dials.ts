/** The dials of a user's own module: only the module knows which of its parameters they are, so they are read when it is loaded. */
import type { Dial, Fault, Unit } from '../../document/experiment.ts'
import { parseQuantity } from '../../document/quantity.ts'
import { readRange } from '../../document/resolve-dials.ts'
import { SquallError } from '../../errors.ts'
import type { AnyInjector } from '../injector.ts'

/**
 * The fault as its module reads it: a dial written as a range moves, a dial written as a quantity is a number in its base unit.
 * @throws SquallError `module-not-usable` when a ramp has nothing to move, or an end of a range is no quantity
 */
export function withOwnDials(fault: Fault, { dials: names = [] }: Pick<AnyInjector, 'dials'>): Fault {
  const spec = { ...fault.spec }
  const dials: Record<string, Dial> = {}
  for (const name of names) {
    const value = spec[name]
    if (typeof value !== 'string') continue
    const ends = readRange(value)
    const from = quantityOf(fault, name, ends?.from ?? value)
    spec[name] = from.value
    if (!ends) continue
    const to = quantityOf(fault, name, ends.to)
    if (to.unit !== from.unit) throw unusable(fault, `with.${name}: ${ends.from} and ${ends.to} are not of the same unit`)
    dials[name] = { from: from.value, to: to.value, unit: from.unit }
  }
  if (Object.keys(dials).length > 0) return { ...fault, spec, dials }
  if (fault.ramp !== undefined)
    throw unusable(
      fault,
      names.length === 0 ? 'it has no dials: nothing of it can ramp' : `a ramp needs a range: its dials are ${names.join(', ')}`,
    )
  return { ...fault, spec }
}

function quantityOf(fault: Fault, name: string, text: string): { value: number; unit: Unit } {
  const parsed = parseQuantity(text)
  if (!parsed.ok) throw unusable(fault, `with.${name}: ${parsed.message}${parsed.fix === undefined ? '' : ` (${parsed.fix})`}`)
  return { value: parsed.value.value, unit: parsed.value.unit as Unit }
}

function unusable({ type }: Fault, why: string): SquallError {
  return new SquallError('module-not-usable', `${type}: ${why}`)
}
