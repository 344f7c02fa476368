/** Faults at a database: the source that they name is declared, and is a database. */
import type { Checking } from './check-shape.ts'
import type { SourceSpec } from './experiment.ts'
import { asMap, type Path } from './located.ts'
import { suggestion } from './nearest.ts'
import { quote } from './quantity.ts'

const types = ['postgres', 'redis']

interface Declared {
  /** Those that are in order. */
  sources: readonly SourceSpec[]
  /** The names of all. */
  declared: readonly string[]
}

/** `fault` as written, at `path`. */
export function checkAtDatabase({ collect }: Checking, fault: Record<string, unknown>, path: Path, { sources, declared }: Declared): void {
  const name = asMap(fault.target)?.database
  if (typeof name !== 'string') return
  const at: Path = [...path, 'target', 'database']
  if (!declared.includes(name)) {
    const near = suggestion(name, declared)
    const fix =
      near ??
      (declared.length > 0
        ? `declared: ${declared.join(', ')}`
        : `write sources: { ${name}: { type: postgres, hosts: [db1:5432, db2:5432], … } }`)
    collect.add(at, 'value-not-allowed', `no source is called ${quote(name)}`, { fix })
    return
  }
  const source = sources.find((one) => one.name === name)
  if (source && !types.includes(source.type))
    collect.add(at, 'place-impossible', `${quote(name)} is a source of type ${source.type}: it is no database`, {
      fix: `possible: ${types.join(', ')}`,
    })
}
