/** What every start does first: finish what dead guardians left, close the records of dead runners (`safety.md`, promise 1). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { foldJournal, parseJournal } from '../guardian/journal-read.ts'
import { openRuns } from '../guardian/open-runs.ts'
import type { SweptRun } from '../guardian/sweep.ts'
import { isOrphan, sweep } from '../guardian/sweeper.ts'
import { closeLostRuns, recordLateRollbacks } from '../records/lost-runs.ts'
import type { ChangeRecord, RunData } from '../records/run-data.ts'
import type { Judged } from '../records/stored-run.ts'
import { isLocked } from '../system/flock.ts'
import { ensureStateDir, runDir, stateDir } from '../system/paths.ts'
import { exitCode, rollbackWord } from '../verdict/exit-code.ts'
import { trialsOf } from '../verdict/false-alarms.ts'
import { judge } from '../verdict/judge.ts'
import type { CommandContext } from './context.ts'

/** How a run that nobody could judge at its end is judged. */
export function judgeLost(data: RunData): Judged {
  const verdict = judge(data)
  return { verdict, exit: exitCode(verdict, data.changes), rollback: rollbackWord(data.changes), trials: trialsOf(verdict) }
}

/** The changes of a run as its journal knows them, in the form of the record; undefined when it cannot be read. */
export function changesFromJournal(dir: string): ChangeRecord[] | undefined {
  try {
    const run = foldJournal(parseJournal(readFileSync(join(dir, 'journal'))))
    return run?.changes.map(({ plan, at }) => {
      const { fault, type, target, does, undoes } = plan
      return { fault, type, target, does, undoes, state: at, looks: [] }
    })
  } catch {
    return undefined // No journal: the runner died before a guardian was armed, so nothing was changed.
  }
}

/** Closes records whose runner is dead and whose guardian is done; notes what became of rollbacks that had not ended. */
export async function closeRecords(state = ensureStateDir()): Promise<void> {
  await closeLostRuns(
    {
      judge: judgeLost,
      changesOf: (dir) => changesFromJournal(dir),
      isHeld: (dir) => isLocked(join(dir, 'lock')),
    },
    state,
  )
  await recordLateRollbacks(changesFromJournal, rollbackWord, state)
}

/** Sweeps what dead guardians left and says so. Returns what could not be finished. */
export async function finishLeftovers(context: CommandContext, state = ensureStateDir()): Promise<SweptRun[]> {
  const orphans = openRuns(state).filter((run) => isOrphan(state, run))
  if (orphans.length > 0) context.err(`finishing what was left of ${orphans.length} earlier ${orphans.length === 1 ? 'run' : 'runs'} …`)
  const swept = await sweep(state, orphans)
  for (const run of swept) context.err(sweptLine(run))
  await closeRecords(state)
  const stuck = stuckRuns(state).filter(({ run }) => !orphans.includes(run))
  for (const run of stuck) context.err(`warning: ${sweptLine(run)}`)
  return [...swept.filter((run) => !isClean(run)), ...stuck]
}

export function isClean(run: SweptRun): boolean {
  return run.result === 'swept' && run.changes.every((change) => change.state !== 'stuck' && change.state !== 'unverified')
}

/** One line a run: what became of each change. */
export function sweptLine(run: SweptRun): string {
  if (run.result !== 'swept') return `${run.run}: ${resultWords[run.result]}${run.why ? ` (${run.why})` : ''}`
  const ends = run.changes.map(({ key, state, why }) => `${key} ${state}${why ? ` (${why})` : ''}`)
  return `${run.run}: ${ends.join(', ') || 'nothing to undo'}`
}

const resultWords: Record<Exclude<SweptRun['result'], 'swept'>, string> = {
  held: 'another process is rolling it back right now',
  foreign: 'left alone',
  untrusted: 'left alone: its journal cannot be trusted',
  unreadable: 'its journal cannot be read',
}

/** Runs that are over while their guardian, or a sweep, still tries in vain to undo something (`safety.md` rule 13). */
function stuckRuns(state: string): SweptRun[] {
  return openRuns(state).flatMap((run): SweptRun[] => {
    if (isOrphan(state, run)) return []
    const stuck = changesFromJournal(runDir(run, state))?.filter((change) => change.state === 'stuck') ?? []
    if (stuck.length === 0) return []
    const what = stuck.map(({ fault, target }) => `${fault} at ${target}`).join(', ')
    return [{ run, result: 'held', why: `stuck, still trying to undo ${what}`, changes: [] }]
  })
}

/** A line for the commands that only read: that something may still be there. */
export function warnOfLeftovers(context: CommandContext, state = stateDir()): void {
  const orphans = openRuns(state).filter((run) => isOrphan(state, run))
  if (orphans.length > 0) context.err(`warning: ${orphans.join(', ')} may have left a fault behind; squall rollback finishes it`)
  for (const run of stuckRuns(state)) context.err(`warning: ${sweptLine(run)}`)
}
