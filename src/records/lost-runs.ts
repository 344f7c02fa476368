/** Closing the record of a run whose runner is gone: by its guardian, else by the next command (`safety.md` rules 4 and 20). */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { SquallError } from '../errors.ts'
import { runDir, stateDir } from '../system/paths.ts'
import { aliveSame } from '../system/proc.ts'
import { indexFinish, indexRollback, indexStart, openRuns, unsettled, unsettledRuns } from './index-db.ts'
import type { IndexRow } from './index-file.ts'
import { readRun } from './read-run.ts'
import type { Abort, ChangeRecord } from './run-data.ts'
import { runFilePath } from './run-file.ts'
import { closeRunTables, openRunTables } from './run-tables.ts'
import { type JudgeRun, lastInstant, type StoredRun } from './stored-run.ts'

export interface Closing {
  by: Abort['by']
  why: string
  /** The changes as the guardian's journal knows them: their words count, the looks and times the dead runner kept stay. */
  changes?: readonly ChangeRecord[]
  judge: JudgeRun
}

/**
 * Ends a run's own file as aborted: the end is the last moment it knows of, the verdict is the judge's on what was kept.
 * A file that has an end already is left as it is. Throws as `readRun` does, and what SQLite throws.
 */
export function closeRecord(dir: string, closing: Closing): StoredRun {
  const before = readRun(dir)
  if (before.endedAt !== undefined) return before
  const tables = openRunTables(runFilePath(dir), { busyMs: 5000 })
  try {
    tables.db.exec('begin immediate') // From here on nobody else closes it.
    const run = readRun(dir)
    if (run.endedAt !== undefined) return run
    const last = lastInstant(run, run.abort)
    const abort: Abort = run.abort ?? { by: closing.by, why: closing.why, breached: false, at: last }
    const endedAt = new Date(Date.parse(run.startedAt) + last).toISOString()
    const closed: StoredRun = {
      ...run,
      abort,
      endedAt,
      changes: merged(run.changes, closing.changes ?? []),
      phases: run.phases.map((phase) => ({ ...phase, to: Math.max(phase.from, Math.min(phase.to, last)) })),
    }
    const { verdict, exit } = closing.judge(closed)
    tables.put({ put: 'abort', abort })
    for (const window of closed.phases) tables.put({ put: 'phase', window })
    for (const change of closed.changes) tables.put({ put: 'change', change })
    tables.put({ put: 'event', event: { at: last, level: 'warn', text: `The record was closed afterwards: ${closing.why}` } })
    tables.put({ put: 'end', end: { verdict, outcome: verdict.outcome, endedAt, exit } })
    tables.db.exec('commit')
    return readRun(dir)
  } finally {
    closeRunTables(tables)
  }
}

/** `closeRecord`, and the same in the index. A run that died before it recorded anything gets an end in the index only. */
export async function closeLostRun(id: string, closing: Closing, state = stateDir()): Promise<void> {
  const dir = runDir(id, state)
  let run: StoredRun
  try {
    run = closeRecord(dir, closing)
  } catch (error) {
    if (!(error instanceof SquallError) || error.code === 'record-busy') throw error
    const because = `Aborted: ${closing.why}; ${error.message}`
    await indexFinish({ id, outcome: 'aborted', endedAt: new Date().toISOString(), exit: 4, rollback: 'not recorded', because }, state)
    return
  }
  const judged = closing.judge(run)
  await indexStart(indexEntry(run), state)
  const { outcome = 'aborted', endedAt = run.startedAt, exit = judged.exit } = run
  const because = run.verdict?.because ?? judged.verdict.because
  await indexFinish({ id, outcome, endedAt, exit, rollback: judged.rollback, because, trials: judged.trials }, state)
}

export interface LostRunsOptions {
  /** Does a guardian hold the lock of this run? Asked for existing folders only. */
  isHeld(dir: string): boolean
  judge: JudgeRun
  /** What the journal in this folder says of the run's changes, if it can be read. */
  changesOf?(dir: string): readonly ChangeRecord[] | undefined
}

/**
 * Closes each run without an end whose runner is dead and whose guardian's lock is free, as `aborted (runner lost)`.
 * Gives the ids it closed. For the start of every command; any number of processes may do it at once.
 */
export async function closeLostRuns(options: LostRunsOptions, state = stateDir()): Promise<string[]> {
  const closed: string[] = []
  for (const row of await openRuns(state)) {
    const dir = runDir(row.id, state)
    if (runnerLives(row) || (existsSync(dir) && options.isHeld(dir))) continue
    const changes = existsSync(dir) ? options.changesOf?.(dir) : undefined
    const why = 'the runner was lost before the run had ended'
    await closeLostRun(row.id, { by: 'runner lost', why, judge: options.judge, ...(changes && { changes }) }, state)
    closed.push(row.id)
  }
  return closed
}

/**
 * A run that ended stuck or unverified goes on: its guardian tries again, or a sweep does. Writes what the journals say by now into
 * the record and the index; verdict and exit code stay what they were. Gives the ids of those that changed.
 */
export async function recordLateRollbacks(
  changesOf: (dir: string) => readonly ChangeRecord[] | undefined,
  wordOf: (changes: readonly ChangeRecord[]) => string,
  state = stateDir(),
): Promise<string[]> {
  const settled: string[] = []
  for (const row of await unsettledRuns(state)) {
    const dir = runDir(row.id, state)
    const changes = existsSync(dir) ? changesOf(dir) : undefined
    if (!changes || unsettled.includes(wordOf(changes))) continue
    addChanges(dir, changes, `The rollback went on after the run had ended: ${wordOf(changes)}`)
    await indexRollback(row.id, wordOf(changes), state)
    settled.push(row.id)
  }
  return settled
}

function addChanges(dir: string, changes: readonly ChangeRecord[], text: string): void {
  const tables = openRunTables(runFilePath(dir), { busyMs: 5000 })
  try {
    const run = readRun(dir)
    for (const change of merged(run.changes, changes)) tables.put({ put: 'change', change })
    const at = run.endedAt === undefined ? lastInstant(run, run.abort) : Date.parse(run.endedAt) - Date.parse(run.startedAt)
    tables.put({ put: 'event', event: { at, level: 'warn', text } })
  } finally {
    closeRunTables(tables)
  }
}

/**
 * Puts runs that have a file but no row into the index: after the index was lost or moved away. Gives their ids, and those whose
 * file could not be read. A run without an end gets one from `closeLostRuns` later.
 */
export async function reindex(
  judge: JudgeRun,
  known: ReadonlySet<string>,
  state = stateDir(),
): Promise<{ added: string[]; unreadable: string[] }> {
  const folder = join(state, 'runs')
  const [added, unreadable]: [string[], string[]] = [[], []]
  for (const id of existsSync(folder) ? readdirSync(folder) : []) {
    if (known.has(id) || !existsSync(runFilePath(runDir(id, state)))) continue
    try {
      await enterAgain(readRun(runDir(id, state)), judge, state)
      added.push(id)
    } catch (error) {
      if (!(error instanceof SquallError)) throw error
      unreadable.push(id)
    }
  }
  return { added, unreadable }
}

async function enterAgain(run: StoredRun, judge: JudgeRun, state: string): Promise<void> {
  await indexStart(indexEntry(run), state)
  if (run.endedAt === undefined || !run.verdict) return
  const { id, outcome = run.verdict.outcome, endedAt, exit = 5 } = run
  const { rollback, trials } = judge(run)
  await indexFinish({ id, outcome, endedAt, exit, rollback, because: run.verdict.because, trials }, state)
}

function indexEntry({ id, experiment, hash, startedAt, placebo }: StoredRun): Parameters<typeof indexStart>[0] {
  const { name, environment, service } = experiment
  return { id, name, hash, environment, startedAt, runner: null, ...(service !== undefined && { service }), ...(placebo && { placebo }) }
}

function runnerLives({ runner_pid: pid, runner_start: start }: IndexRow): boolean {
  return pid !== null && start !== null && aliveSame(pid, start) !== null
}

function merged(known: readonly ChangeRecord[], newer: readonly ChangeRecord[]): ChangeRecord[] {
  const key = (change: ChangeRecord): string => JSON.stringify([change.fault, change.target])
  const byKey = new Map(known.map((change) => [key(change), change]))
  for (const change of newer) {
    const before = byKey.get(key(change))
    byKey.set(key(change), { ...before, ...change, looks: change.looks.length > 0 ? change.looks : (before?.looks ?? []) })
  }
  return [...byKey.values()]
}
