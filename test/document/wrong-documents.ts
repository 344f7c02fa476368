/** All wrong documents in one table. */
import { documentWith } from './support.ts'
import { faults } from './wrong-faults.ts'
import { environment, hypothesis, keys, name } from './wrong-heads.ts'
import { measures } from './wrong-measures.ts'
import { parameters } from './wrong-parameters.ts'
import type { Row } from './wrong-row.ts'
import { proxies, sources, variables } from './wrong-sources.ts'
import { targets } from './wrong-targets.ts'
import { phases, traffic } from './wrong-traffic.ts'
import { whole, yaml } from './wrong-yaml.ts'

const rest = [...keys, ...yaml, ...phases, ...measures, ...sources, ...proxies, ...variables]
const parts = { name, hypothesis, environment, traffic, rest, faults: [...faults, ...targets, ...parameters] }

/** Every wrong document: its text, and the row that says what is expected. */
export const wrongDocuments: readonly (readonly [text: string, row: Row])[] = [
  ...Object.entries(parts).flatMap(([part, rows]) => rows.map((row) => [documentWith({ [part]: row[0] }), row] as const)),
  ...whole.map((row) => [row[0], row] as const),
]
