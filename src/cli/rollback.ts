/** `squall rollback [RUN]`: finishes what is left, of one run or of all. */
import { existsSync } from 'node:fs'
import { SquallError } from '../errors.ts'
import { openRuns } from '../guardian/open-runs.ts'
import { rollBackRun } from '../guardian/sweeper.ts'
import { runDir, stateDir } from '../system/paths.ts'
import type { Command } from './context.ts'
import { closeRecords, isClean, sweptLine } from './housekeeping.ts'

/** Exit 0: nothing is left; 6: something may be. */
const rollback: Command = async ([wanted], _options, context) => {
  const state = stateDir()
  const runs = wanted ? [known(wanted, state)] : openRuns(state)
  const results = await Promise.all(runs.map((run) => rollBackRun(state, run, 'rollback')))
  const clean = results.every((run) => isClean(run))
  if (context.json) context.out(JSON.stringify({ schema: 'squall.rollback/1', clean, runs: results }, null, 2))
  else if (results.length === 0) context.out('nothing is left of any run')
  else for (const run of results) context.out(sweptLine(run))
  await closeRecords(state) // Last: what became of the faults is said even when no record can be written.
  return clean ? 0 : 6
}
export default rollback

/** An id or its beginning, among the runs that are not closed and the folders that exist. */
function known(wanted: string, state: string): string {
  const open = openRuns(state).filter((run) => run.startsWith(wanted))
  if (open.length === 1) return open[0] as string
  if (open.length > 1) throw new SquallError('run-ambiguous', `${wanted} may be ${open.join(' or ')}`)
  if (/^[\w-]+$/.test(wanted) && existsSync(runDir(wanted, state))) return wanted
  throw new SquallError('run-not-found', `no run ${wanted} is open or recorded`)
}
