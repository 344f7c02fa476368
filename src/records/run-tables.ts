/** The tables of a run's own file and the statements that fill them. Used by the writer's thread and by whoever closes a lost run. */
import { chmodSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { toExactJson } from './exact-json.ts'
import { migrate } from './migrate.ts'
import type { Abort, ChangeRecord, PhaseWindow, Sample, TrafficSecond } from './run-data.ts'
import { isBusy } from './sqlite-errors.ts'
import type { RunEnd, RunError, RunEvent, RunStart } from './stored-run.ts'

/** One thing to keep. Each stands for itself and can be repeated, so that a batch can be tried again. */
export type Entry =
  | { put: 'start'; id: string; start: RunStart }
  | { put: 'phase'; window: PhaseWindow }
  | { put: 'second'; second: TrafficSecond }
  | { put: 'sample'; measure: string; sample: Sample }
  | { put: 'samples'; measure: string; samples: readonly Sample[] }
  | { put: 'change'; change: ChangeRecord }
  | { put: 'event'; event: RunEvent }
  | { put: 'abort'; abort: Abort }
  | { put: 'error'; error: RunError }
  | { put: 'end'; end: RunEnd }
  | { put: 'verdict'; end: RunEnd }

/**
 * Latencies are 64-bit floats, little-endian, one after the other, so that what is read is bit by bit what was measured.
 * Times are ms since the run's start.
 */
export const runMigrations: readonly string[] = [
  `create table run (
     one integer primary key check (one = 1), id text not null, name text not null, hash text not null, document text not null,
     experiment text not null, seed integer not null, plan text, version text, started_at text not null, ended_at text,
     outcome text, exit integer, verdict text, abort text, error text
   ) strict;
   create table phase (starts real not null, phase text not null, ends real not null, primary key (starts, phase)) strict;
   create table second (
     t integer primary key, planned integer not null, ok integer not null, error integer not null, timeout integer not null,
     not_sent integer not null, latencies blob not null, lag_p99 real, suspect integer not null, reasons text not null
   ) strict;
   create table sample (n integer primary key, measure text not null, at real not null, body text not null) strict;
   create table change (
     n integer primary key, fault text not null, target text not null, body text not null, unique (fault, target)
   ) strict;
   create table event (n integer primary key, at real not null, level text not null, text text not null, data text) strict;`,
  'alter table run add column placebo integer not null default 0',
]

export interface RunTables {
  readonly db: DatabaseSync
  put(entry: Entry): void
}

/**
 * Opens or creates a run's file for writing: WAL, every commit on disk. `maxBytes` is where SQLite says *full*.
 * Throws what SQLite throws.
 */
export function openRunTables(path: string, options: { maxBytes?: number; busyMs?: number } = {}): RunTables {
  const db = new DatabaseSync(path, { timeout: options.busyMs ?? 2000 })
  try {
    chmodSync(path, 0o600)
    db.exec('pragma journal_mode = wal; pragma synchronous = full')
    migrate(db, runMigrations)
    const pageSize = Number(db.prepare('pragma page_size').get()?.page_size)
    if (options.maxBytes !== undefined) db.exec(`pragma max_page_count = ${Math.max(1, Math.floor(options.maxBytes / pageSize))}`)
    return { db, put: statements(db) }
  } catch (error) {
    db.close()
    throw error
  }
}

/** Leaves one plain file behind that can be copied; with a reader at work it stays a WAL file, which is as good. */
export function closeRunTables({ db }: RunTables): void {
  try {
    if (db.isTransaction) db.exec('rollback')
    db.exec('pragma busy_timeout = 50; pragma wal_checkpoint(truncate); pragma journal_mode = delete')
  } catch (error) {
    if (!isBusy(error)) throw error
  } finally {
    db.close()
  }
}

function statements(db: DatabaseSync): (entry: Entry) => void {
  const prepared = new Map<string, StatementSync>()
  const run = (sql: string, ...values: (string | number | null | Uint8Array)[]): void => {
    let statement = prepared.get(sql)
    if (!statement) {
      statement = db.prepare(sql)
      prepared.set(sql, statement)
    }
    statement.run(...values)
  }
  return (entry) => {
    switch (entry.put) {
      case 'start': {
        const { experiment, hash, document, startedAt, seed, plan, version, placebo } = entry.start
        return run(
          `insert into run (one, id, name, hash, document, experiment, seed, plan, version, started_at, placebo)
           values (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
          ...[entry.id, experiment.name, hash, document, toExactJson(experiment), seed],
          ...[plan === undefined ? null : toExactJson(plan), version ?? null, startedAt, placebo ? 1 : 0],
        )
      }
      case 'phase': {
        const { phase, from, to } = entry.window
        return run(
          'insert into phase (starts, phase, ends) values (?, ?, ?) on conflict do update set ends = excluded.ends',
          from,
          phase,
          to,
        )
      }
      case 'second': {
        const { t, planned, ok, error, timeout, notSent, latencies, lagP99, suspect, reasons } = entry.second
        return run(
          `insert or replace into second (t, planned, ok, error, timeout, not_sent, latencies, lag_p99, suspect, reasons)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          ...[t, planned, ok, error, timeout, notSent, new Uint8Array(Float64Array.from(latencies).buffer)],
          ...[Number.isNaN(lagP99) ? null : lagP99, suspect ? 1 : 0, toExactJson(reasons)],
        )
      }
      case 'sample':
        return run('insert into sample (measure, at, body) values (?, ?, ?)', entry.measure, entry.sample.at, toExactJson(entry.sample))
      case 'samples':
        run('delete from sample where measure = ?', entry.measure)
        for (const sample of entry.samples)
          run('insert into sample (measure, at, body) values (?, ?, ?)', entry.measure, sample.at, toExactJson(sample))
        return
      case 'change': {
        const { fault, target } = entry.change
        return run(
          'insert into change (fault, target, body) values (?, ?, ?) on conflict (fault, target) do update set body = excluded.body',
          ...[fault, target, toExactJson(entry.change)],
        )
      }
      case 'event': {
        const { at, level, text, data } = entry.event
        const body = data === undefined ? null : toExactJson(data)
        return run('insert into event (at, level, text, data) values (?, ?, ?, ?)', at, level, text, body)
      }
      case 'abort':
        return run('update run set abort = coalesce(abort, ?)', toExactJson(entry.abort))
      case 'error':
        return run('update run set error = coalesce(error, ?)', toExactJson(entry.error))
      case 'end': {
        const { verdict, outcome, endedAt, exit } = entry.end
        // The first end counts: a runner that was closed as lost and wakes up late changes nothing.
        return run(
          'update run set verdict = ?, outcome = ?, ended_at = ?, exit = ? where ended_at is null',
          ...[toExactJson(verdict), outcome, endedAt, exit],
        )
      }
      case 'verdict': {
        const { verdict, outcome, exit } = entry.end
        return run('update run set verdict = ?, outcome = ?, exit = ?', toExactJson(verdict), outcome, exit)
      }
    }
  }
}
