/** The index of all runs of this user: two short transactions a run, history, and finding a run by a few letters. */
import type { Kysely } from 'kysely'
import { SquallError } from '../errors.ts'
import { indexPath, stateDir } from '../system/paths.ts'
import { readStat } from '../system/proc.ts'
import { type IndexRow, type IndexTables, withIndex } from './index-file.ts'
import type { Outcome, Trials } from './stored-run.ts'

export type { IndexRow } from './index-file.ts'

export interface IndexStart {
  id: string
  name: string
  hash: string
  environment: string
  service?: string
  /** ISO 8601. */
  startedAt: string
  placebo?: true
  /** Default: this process. Null when the run is entered afterwards. */
  runner?: { pid: number; start: number } | null
}

export interface IndexEnd {
  id: string
  outcome: Outcome
  /** ISO 8601. */
  endedAt: string
  exit: number
  /** The rollback's outcome in a word or two. */
  rollback: string
  /** One sentence. */
  because: string
  trials?: Trials
}

const within = <T>(state: string | undefined, work: (index: Kysely<IndexTables>) => Promise<T>): Promise<T> =>
  withIndex(work, state === undefined ? undefined : indexPath(state))

/** First transaction of a run, by its runner, whose pid and start time are noted. A run that is there already stays as it is. */
export async function indexStart(run: IndexStart, state?: string): Promise<void> {
  const runner = run.runner === undefined ? readStat(process.pid) : run.runner
  const row: IndexRow = {
    ...{
      id: run.id,
      name: run.name,
      hash: run.hash,
      environment: run.environment,
      service: run.service ?? null,
      started_at: run.startedAt,
    },
    ...{ ended_at: null, outcome: null, exit: null, rollback: null, because: null },
    ...{ runner_pid: runner?.pid ?? null, runner_start: runner?.start ?? null },
    ...{ placebo: run.placebo ? 1 : 0, trials: null },
  }
  await within(state, (index) =>
    index
      .insertInto('run')
      .values(row)
      .onConflict((on) => on.doNothing())
      .execute(),
  )
}

/** Second transaction of a run. The first end counts; says whether it was this one. */
export async function indexFinish(end: IndexEnd, state?: string): Promise<boolean> {
  const { outcome, endedAt, exit, rollback, because, trials } = end
  const values = { outcome, ended_at: endedAt, exit, rollback, because, trials: trials ? JSON.stringify(trials) : null }
  return within(state, async (index) => {
    const result = await index.updateTable('run').set(values).where('id', '=', end.id).where('ended_at', 'is', null).executeTakeFirst()
    return result.numUpdatedRows === 1n
  })
}

/** Another verdict for a run that is over. */
export async function indexJudged(
  end: Pick<IndexEnd, 'id' | 'outcome' | 'exit' | 'because'> & { trials: Trials },
  state?: string,
): Promise<void> {
  const { id, outcome, exit, because, trials } = end
  const values = { outcome, exit, because, trials: JSON.stringify(trials) }
  await within(state, (index) => index.updateTable('run').set(values).where('id', '=', id).execute())
}

/** What became of the rollback after the run had ended; its exit code is what it was. */
export async function indexRollback(id: string, rollback: string, state?: string): Promise<void> {
  await within(state, (index) => index.updateTable('run').set({ rollback }).where('id', '=', id).execute())
}

/** Words of a rollback that may still become another one. */
export const unsettled = ['stuck', 'unverified', 'undoing', 'active', 'injecting']

/** Ended runs whose rollback is not over, as far as the index knows. */
export async function unsettledRuns(state?: string): Promise<IndexRow[]> {
  return within(state, (index) =>
    index.selectFrom('run').selectAll().where('ended_at', 'is not', null).where('rollback', 'in', unsettled).execute(),
  )
}

/** Newest first; `name` matches exactly. */
export async function listRuns(options: { name?: string; limit?: number } = {}, state?: string): Promise<IndexRow[]> {
  return within(state, (index) => {
    let query = index
      .selectFrom('run')
      .selectAll()
      .orderBy('started_at', 'desc')
      .orderBy('id', 'desc')
      .limit(options.limit ?? 20)
    if (options.name !== undefined) query = query.where('name', '=', options.name)
    return query.execute()
  })
}

/** Runs that have no end yet: going on, or lost. */
export async function openRuns(state?: string): Promise<IndexRow[]> {
  return within(state, (index) => index.selectFrom('run').selectAll().where('ended_at', 'is', null).orderBy('started_at').execute())
}

export interface TrialRow {
  id: string
  name: string
  trials: Trials
}

/** What the ended runs of a service, or of an experiment that names none, say about the judge; newest first, at most a thousand. */
export async function listTrials(of: { service: string } | { name: string }, state?: string): Promise<TrialRow[]> {
  const rows = await within(state, (index) => {
    const query = index.selectFrom('run').select(['id', 'name', 'trials']).where('trials', 'is not', null)
    const own = 'service' in of ? query.where('service', '=', of.service) : query.where('name', '=', of.name)
    return own.orderBy('started_at', 'desc').limit(1000).execute()
  })
  return rows.map(({ id, name, trials }) => ({ id, name, trials: JSON.parse(trials as string) as Trials }))
}

export interface ExperimentCount {
  name: string
  runs: number
  /** Runs that ended with each outcome; `running` have no end yet. Placebo runs are a number of their own: they say nothing about the experiment. */
  outcomes: Partial<Record<Outcome | 'running' | 'placebo', number>>
  lastStart: string
}

/** All experiments that were ever run, the most recent first. */
export async function countExperiments(state?: string): Promise<ExperimentCount[]> {
  const rows = await within(state, (index) =>
    index
      .selectFrom('run')
      .select(({ fn }) => ['name', 'outcome', 'placebo', fn.countAll<number>().as('runs'), fn.max('started_at').as('last')])
      .groupBy(['name', 'outcome', 'placebo'])
      .execute(),
  )
  const byName = new Map<string, ExperimentCount>()
  for (const row of rows) {
    const count = byName.get(row.name) ?? { name: row.name, runs: 0, outcomes: {}, lastStart: row.last }
    byName.set(row.name, count)
    count.runs += row.runs
    const word = row.outcome === null ? 'running' : row.placebo === 1 ? 'placebo' : row.outcome
    count.outcomes[word] = (count.outcomes[word] ?? 0) + row.runs
    if (row.last > count.lastStart) count.lastStart = row.last
  }
  return [...byName.values()].sort((a, b) => (a.lastStart < b.lastStart ? 1 : a.lastStart > b.lastStart ? -1 : 0))
}

/**
 * The run with this id, this beginning of an id, or the `last` one.
 * Throws SquallError `run-not-found`, or `run-ambiguous` when several begin like this.
 */
export async function findRun(idOrPrefix: string, state: string = stateDir()): Promise<IndexRow> {
  if (idOrPrefix === 'last') {
    const [row] = await listRuns({ limit: 1 }, state)
    if (row) return row
    throw new SquallError('run-not-found', 'No run is recorded yet.', { hint: 'squall run FILE makes one.' })
  }
  const found = await within(state, (index) =>
    index
      .selectFrom('run')
      .selectAll()
      .where('id', '>=', idOrPrefix)
      .where('id', '<', `${idOrPrefix}\u{10ffff}`)
      .orderBy('id')
      .limit(6)
      .execute(),
  )
  const [first] = found
  if (!first || idOrPrefix === '') throw new SquallError('run-not-found', `No run “${idOrPrefix}” is recorded.`)
  if (first.id === idOrPrefix || found.length === 1) return first
  const some = found.slice(0, 5).map((row) => row.id)
  throw new SquallError(
    'run-ambiguous',
    `“${idOrPrefix}” is the beginning of ${found.length > 5 ? 'more than 5' : found.length} runs: ${some.join(', ')}.`,
  )
}

/** Takes a run out again that was refused before anything was started. */
export async function indexRemove(id: string, state?: string): Promise<void> {
  await within(state, (index) => index.deleteFrom('run').where('id', '=', id).execute())
}
