/** The file behind the index of runs: opened for one short piece of work, never waited for inside SQLite. */
import { chmodSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { SquallError } from '../errors.ts'
import { monotonicMs, sleep } from '../system/clock.ts'
import { ensureStateDir, indexPath, notWritable } from '../system/paths.ts'
import { migrate } from './migrate.ts'
import { nodeSqliteDialect } from './sqlite-dialect.ts'
import { isBusy, isDamaged, isForbidden, reasonOf } from './sqlite-errors.ts'
import type { Outcome } from './stored-run.ts'

/** One run in the index. Times are ISO 8601. What only an ended run has is null before. */
export interface IndexRow {
  id: string
  name: string
  hash: string
  environment: string
  service: string | null
  started_at: string
  ended_at: string | null
  outcome: Outcome | null
  exit: number | null
  /** The rollback's outcome in a word or two, `verified`. */
  rollback: string | null
  because: string | null
  /** The runner: pid and start time in clock ticks, so that a dead one is known for sure. */
  runner_pid: number | null
  runner_start: number | null
  /** 1: a placebo run. */
  placebo: number
  /** `Trials` as JSON. */
  trials: string | null
}

export interface IndexTables {
  run: IndexRow
}

const migrations: readonly string[] = [
  `create table run (
     id text primary key, name text not null, hash text not null, environment text not null, service text, started_at text not null,
     ended_at text, outcome text, exit integer, rollback text, because text, runner_pid integer, runner_start integer
   ) strict, without rowid;
   create index run_by_name on run (name, started_at, id);
   create index run_by_time on run (started_at, id);
   create index run_open on run (id) where ended_at is null;`,
  `alter table run add column placebo integer not null default 0;
   alter table run add column trials text;`,
]

/** ms SQLite itself may wait for a lock: the event loop stands still meanwhile. */
const busyMs = 15
/** ms of trying before we give up on a locked index. */
const giveUpMs = 20_000

/**
 * Runs `work` on the open index and closes it again; tries again, with growing pauses, while another process holds the lock,
 * so `work` must be one statement or bear repetition. Throws SquallError `index-damaged`, `record-too-new`, `record-busy`, `state-not-writable`.
 */
export async function withIndex<T>(work: (index: Kysely<IndexTables>) => Promise<T>, path?: string): Promise<T> {
  const file = path ?? (ensureStateDir(), indexPath())
  const started = monotonicMs()
  for (let attempt = 0; ; attempt++) {
    let db: DatabaseSync | undefined
    try {
      db = openIndexFile(file)
      return await work(new Kysely<IndexTables>({ dialect: nodeSqliteDialect(db) }))
    } catch (error) {
      if (error instanceof SquallError) throw error
      if (isDamaged(error))
        throw new SquallError('index-damaged', `The index ${file} cannot be read: ${reasonOf(error)}.`, { cause: error })
      if (isForbidden(error)) throw notWritable(dirname(file), error)
      if (!isBusy(error)) throw error
      if (monotonicMs() - started > giveUpMs) {
        throw new SquallError('record-busy', `The index ${file} stayed locked for ${giveUpMs / 1000} s.`, { cause: error })
      }
    } finally {
      if (db?.isOpen) db.close()
    }
    // Different pauses in each process, so that they don't meet again; the pid is as good as chance here.
    await sleep(Math.min(200, 5 + attempt * 5) + (process.pid % 13))
  }
}

function openIndexFile(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: busyMs })
  try {
    const mode = db.prepare('pragma journal_mode').get()?.journal_mode
    if (mode !== 'wal') {
      chmodSync(path, 0o600)
      db.exec('pragma journal_mode = wal')
    }
    db.exec('pragma synchronous = full')
    migrate(db, migrations)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
