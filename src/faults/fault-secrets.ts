/** Which secrets a fault may read: those that the document names for it, and no others. */
import type { Fault, SourceSpec } from '../document/experiment.ts'
import { faultEntry } from '../document/fault-entry.ts'
import { secretNames } from '../document/secrets.ts'
import type { Secrets } from '../system/secrets.ts'
import type { AnyInjector } from './injector.ts'

/** Names in `${secret:NAME}` anywhere in its parameters, its target, or the source that is its target, and those a built-in fault declares as needs. */
export function secretsOfFault(
  fault: Pick<Fault, 'type' | 'spec' | 'target'>,
  injectors: readonly AnyInjector[],
  sources: readonly SourceSpec[] = [],
): string[] {
  const known = faultEntry(injectors, fault.type, fault.target?.place)
  const needed = known?.needs(fault.spec, fault.target).flatMap((need) => ('secret' in need ? [need.secret] : [])) ?? []
  const source = fault.target?.place === 'database' ? sources.find(({ name }) => name === fault.target?.query.name) : undefined
  return [...new Set([...secretNames(JSON.stringify([fault.spec, fault.target?.query ?? null, source ?? null])), ...needed])]
}

/** Their values by name. @throws SquallError as `Secrets.value` does */
export function valuesOf(names: readonly string[], secrets: Secrets): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, secrets.value(name)]))
}
