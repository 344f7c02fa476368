/** Reads a run's record back, exactly as it was written; also one that is still being written or was cut off by SIGKILL. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Experiment, Phase } from '../document/experiment.ts'
import { SquallError } from '../errors.ts'
import { fromExactJson } from './exact-json.ts'
import { checkedVersion } from './migrate.ts'
import type { Abort, ChangeRecord, PhaseWindow, Sample, TrafficSecond } from './run-data.ts'
import { runFilePath } from './run-file.ts'
import { runMigrations } from './run-tables.ts'
import { isBusy, reasonOf } from './sqlite-errors.ts'
import { lastInstant, type Outcome, type RunError, type RunEvent, type StoredRun, type StoredVerdict } from './stored-run.ts'

type Row = Record<string, unknown>

/**
 * Throws SquallError: `record-missing` when there is no file or nothing in it yet, `record-damaged` when it cannot be read,
 * `record-too-new` when a later Squall wrote it. A phase that has not ended yet ends at the last thing known.
 */
export function readRun<V extends StoredVerdict = StoredVerdict>(dir: string): StoredRun<V> {
  const path = runFilePath(dir)
  if (!existsSync(path)) throw new SquallError('record-missing', `There is no record at ${path}.`)
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { timeout: 2000, readOnly: true })
    return readTables<V>(db, path)
  } catch (error) {
    if (error instanceof SquallError) throw error
    if (isBusy(error)) throw new SquallError('record-busy', `The record ${path} is locked by another process.`, { cause: error })
    throw new SquallError('record-damaged', `The record ${path} cannot be read: ${reasonOf(error)}.`, { cause: error })
  } finally {
    db?.close()
  }
}

function readTables<V extends StoredVerdict>(db: DatabaseSync, path: string): StoredRun<V> {
  const empty = (): SquallError => new SquallError('record-missing', `Nothing was recorded in ${path} before the run ended.`)
  if (checkedVersion(db, runMigrations.length) === 0) throw empty()
  db.exec('begin') // One snapshot, also while the run goes on.
  const all = (sql: string): Row[] => db.prepare(sql).all() as Row[]
  const row = all('select * from run')[0]
  if (!row) throw empty()
  const run: StoredRun<V> = {
    id: row.id as string,
    // Runs from before there were proxies have none.
    experiment: { proxies: [], ...(fromExactJson(row.experiment as string) as Omit<Experiment, 'proxies'>) },
    startedAt: row.started_at as string,
    hash: row.hash as string,
    document: row.document as string,
    seed: row.seed as number,
    phases: all('select starts, phase, ends from phase order by starts, rowid').map(toPhase),
    traffic: all('select * from second order by t').map(toSecond),
    samples: readSamples(all('select measure, body from sample order by n')),
    changes: all('select body from change order by n').map((each) => fromExactJson(each.body as string) as ChangeRecord),
    events: all('select at, level, text, data from event order by n').map(toEvent),
  }
  if (row.plan !== null) run.plan = fromExactJson(row.plan as string)
  if (row.placebo === 1) run.placebo = true
  if (row.version !== null) run.version = row.version as string
  if (row.ended_at !== null) run.endedAt = row.ended_at as string
  if (row.abort !== null) run.abort = fromExactJson(row.abort as string) as Abort
  if (row.error !== null) run.error = fromExactJson(row.error as string) as RunError
  if (row.verdict !== null) run.verdict = fromExactJson(row.verdict as string) as V
  if (row.outcome !== null) run.outcome = row.outcome as Outcome
  if (row.exit !== null) run.exit = row.exit as number
  const last = lastInstant(run, run.abort)
  for (const phase of run.phases) if (phase.to === Number.POSITIVE_INFINITY) phase.to = Math.max(phase.from, last)
  return run
}

function toPhase(row: Row): PhaseWindow {
  return { phase: row.phase as Phase, from: row.starts as number, to: row.ends as number }
}

function toSecond(row: Row): TrafficSecond {
  const bytes = (row.latencies as Uint8Array).slice() // A copy starts at offset 0, as Float64Array needs it.
  return {
    t: row.t as number,
    planned: row.planned as number,
    ok: row.ok as number,
    error: row.error as number,
    timeout: row.timeout as number,
    notSent: row.not_sent as number,
    latencies: Array.from(new Float64Array(bytes.buffer)),
    lagP99: row.lag_p99 === null ? Number.NaN : (row.lag_p99 as number),
    suspect: row.suspect === 1,
    reasons: fromExactJson(row.reasons as string) as Record<string, number>,
  }
}

function readSamples(rows: Row[]): Record<string, Sample[]> {
  const series = new Map<string, Sample[]>()
  for (const row of rows) {
    const name = row.measure as string
    const list = series.get(name) ?? []
    if (list.length === 0) series.set(name, list)
    list.push(fromExactJson(row.body as string) as Sample)
  }
  return Object.fromEntries(series)
}

function toEvent(row: Row): RunEvent {
  const event: RunEvent = { at: row.at as number, level: row.level as RunEvent['level'], text: row.text as string }
  if (row.data !== null) event.data = fromExactJson(row.data as string)
  return event
}
