/** What is measured of each, and what is said of it. */
import type { Load } from './load.ts'
import type { Variant } from './variants.ts'

export interface Measure {
  name: string
  unit: string
  /** Also with toxics; the others without only. */
  always: boolean
  digits: number
  /** Which bound of the ratio ours / Toxiproxy has to keep, and which; null: shown only. */
  gate(variant: Variant): { end: 'from' | 'to'; limit: number } | null
}

/** All results of one subject under one variant in one round. */
export type Round = Record<string, number>

export const bulkConnections = [1, 8, 64] as const
const bulk = bulkConnections.map(
  (connections): Measure => ({
    name: bulkName(connections),
    unit: 'MB/s',
    always: true,
    digits: 0,
    gate: ({ gate }) => ({ end: 'from', limit: gate.bulk }),
  }),
)

export const measures: readonly Measure[] = [
  ...bulk,
  { name: 'echo p50', unit: 'us', always: true, digits: 0, gate: () => null },
  { name: 'echo p99', unit: 'us', always: true, digits: 0, gate: ({ gate }) => ({ end: 'to', limit: gate.p99 }) },
  { name: 'opened', unit: '/s', always: false, digits: 0, gate: () => null },
]

function bulkName(connections: number): string {
  return `bulk, ${connections} connection${connections === 1 ? '' : 's'}`
}

/** The names of measures that are wanted: empty for all. */
export async function measureRound(load: Load, to: string, variant: Variant, wanted: (name: string) => boolean): Promise<Round> {
  const round: Round = {}
  for (const connections of bulkConnections) if (wanted('bulk')) round[bulkName(connections)] = await load.bulk(to, connections)
  if (wanted('echo')) {
    const { p50, p99 } = await load.echo(to, variant.callers)
    round['echo p50'] = p50
    round['echo p99'] = p99
  }
  if (wanted('opened') && variant.toxic === null) round.opened = await load.open(to)
  return round
}
