/** The pair of PostgreSQL servers of the scenarios, for tests: as targets, and put back between two of them. */

import { type PairOptions, type PairServer, type PostgresPair, startPostgresPair } from '../../scenarios/lib/postgres-pair.ts'
import type { Target } from '../../src/faults/injector.ts'
import { resolveTargets } from '../../src/faults/resolve.ts'
import { until } from './processes.ts'

export { postmasterIn, whyNoPostgresPair } from '../../scenarios/lib/postgres-programs.ts'
export { type PairServer, type PostgresPair, startPostgresPair }

/** Of tests that are about one thing only: nobody promotes. */
export const quietPair: PairOptions = { promotion: 'off' }

/** The server of `pair` that is primary, as a document with this source would name it. */
export async function databaseTarget(
  hosts: readonly string[],
  narrowing: Record<string, unknown> = {},
  type = 'postgres',
): Promise<Target> {
  const config = type === 'postgres' ? { hosts: [...hosts], user: 'postgres' } : { hosts: [...hosts] }
  const [target] = await resolveTargets(
    { place: 'database', query: { name: 'db' }, pick: { count: 1 }, narrowing },
    { random: () => 0.5, protect: [process.pid], sources: [{ name: 'db', type, config }] },
  )
  return target as Target
}

export async function answers(server: PairServer): Promise<boolean> {
  return server.sql('select 1').then(
    () => true,
    () => false,
  )
}

/** Started when it is not running, and serving. */
export async function serving(server: PairServer): Promise<void> {
  if (!(await answers(server))) await server.start()
  await until(`${server.name} to serve`, () => answers(server), 20_000)
}
