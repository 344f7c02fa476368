/** `squall halt`: the kill switch. Rolls back every run and refuses new ones until `halt --clear`. */
import { SquallError } from '../errors.ts'
import { clearHaltFlags, setHaltFlag, standingFlag } from '../guardian/halt-flag.ts'
import { openRuns } from '../guardian/open-runs.ts'
import { foreignGuardians } from '../guardian/others.ts'
import { rollBackRun } from '../guardian/sweeper.ts'
import { isRoot, stateDir } from '../system/paths.ts'
import type { Command } from './context.ts'
import { closeRecords, isClean, sweptLine } from './housekeeping.ts'

/** Exit 0: all is rolled back; 6: not sure. */
const halt: Command<{ clear?: boolean }> = async (_args, options, context) => {
  const state = stateDir()
  if (options.clear) {
    const was = standingFlag(state) !== null
    const standing = clearHaltFlags(state)
    if (context.json) context.out(JSON.stringify({ schema: 'squall.halt/1', halted: standing.length > 0, flags: standing }, null, 2))
    else if (!was) context.out('nothing was halted')
    else context.out(standing.length === 0 ? 'runs are allowed again' : `still halted: ${standing.join(', ')} is not ours to remove`)
    return standing.length === 0 ? 0 : 2
  }
  // A flag that cannot be set must not keep what runs from being rolled back.
  let flag: string | null = null
  let flagProblem: SquallError | null = null
  try {
    flag = setHaltFlag(state)
  } catch (error) {
    if (!(error instanceof SquallError)) throw error
    flagProblem = error
    context.err(`not halted, new runs may start: ${error.message}; rolling back what runs`)
  }
  const runs = openRuns(state)
  const print = (line: string): void => {
    if (!context.json) context.out(line)
  }
  const results = await Promise.all(
    runs.map(async (run) => {
      const result = await rollBackRun(state, run, 'halt')
      print(sweptLine(result))
      return result
    }),
  )
  const others = foreignGuardians(state)
  for (const other of others) print(otherLine(other.run, other.uid))
  if (!flagProblem) await closeRecords(state)
  // Root's flag is obeyed by everybody's guardian; a user's flag stops that user's runs only.
  const sure = flagProblem === null && results.every((run) => isClean(run))
  if (context.json)
    context.out(JSON.stringify({ schema: 'squall.halt/1', halted: flag !== null, flag, sure, runs: results, others }, null, 2))
  else if (flag !== null)
    context.out(
      `halted: ${flag}. ${runs.length === 0 ? 'No run was open.' : ''} New runs are refused until squall halt --clear.`.replace('  ', ' '),
    )
  return sure ? 0 : 6
}
export default halt

function otherLine(run: string, uid: number): string {
  return isRoot()
    ? `${run}: of uid ${uid}; its guardian obeys the flag`
    : `${run}: of uid ${uid}; not ours to stop, root's squall halt does`
}
