/** What the commands that read records do first, and how they find the run a person means. */
import { countExperiments, findRun } from '../records/index-db.ts'
import { reindex } from '../records/lost-runs.ts'
import { readRun } from '../records/read-run.ts'
import type { StoredRun } from '../records/stored-run.ts'
import { ensureStateDir, runDir } from '../system/paths.ts'
import type { Verdict } from '../verdict/verdict.ts'
import type { CommandContext } from './context.ts'
import { closeRecords, judgeLost, warnOfLeftovers } from './housekeeping.ts'

/** Says what may be left behind, closes lost runs, and makes the index again when it is gone. */
export async function tidyRecords(context: CommandContext): Promise<void> {
  const state = ensureStateDir()
  warnOfLeftovers(context, state)
  if ((await countExperiments(state)).length === 0) {
    const { unreadable } = await reindex(judgeLost, new Set(), state)
    for (const id of unreadable) context.err(`warning: the record of run ${id} cannot be read`)
  }
  await closeRecords(state)
}

/** The run with this id, this beginning of an id, or `last`. Throws SquallError as `findRun` and `readRun` do. */
export async function storedRun(wanted: string, context: CommandContext): Promise<StoredRun<Verdict>> {
  await tidyRecords(context)
  const state = ensureStateDir()
  const { id } = await findRun(wanted, state)
  return readRun<Verdict>(runDir(id, state))
}
