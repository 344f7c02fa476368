/** `squall judge RUN`: the stored samples judged once more, or under the bounds of another document. The exit code is this verdict's. */
import { isDeepStrictEqual } from 'node:util'
import { SquallError } from '../errors.ts'
import { fromExactJson, toExactJson } from '../records/exact-json.ts'
import { indexJudged } from '../records/index-db.ts'
import { replaceVerdict } from '../records/replace-verdict.ts'
import type { StoredRun } from '../records/stored-run.ts'
import { renderSummary } from '../report/summary.ts'
import { runDir, stateDir } from '../system/paths.ts'
import { exitCode } from '../verdict/exit-code.ts'
import { trialsOf } from '../verdict/false-alarms.ts'
import { judge } from '../verdict/judge.ts'
import type { Verdict } from '../verdict/verdict.ts'
import type { Command, CommandContext } from './context.ts'
import { readDocument } from './document.ts'
import { underOtherBounds } from './other-bounds.ts'
import { colour } from './output.ts'
import { storedRun } from './stored-run.ts'

interface JudgeOptions {
  with?: string
  var?: Record<string, string>
  save?: boolean
}

const judgeAgain: Command<JudgeOptions> = async ([wanted = 'last'], options, context) => {
  const run = await storedRun(wanted, context)
  const other = options.with === undefined ? null : await otherBounds(run, options.with, options.var ?? {}, context)
  if (other === 'invalid') return 2
  const experiment = other?.experiment ?? run.experiment
  const verdict = plain(judge({ ...run, experiment }))
  if (other) verdict.notes.unshift(`judged with the bounds of ${options.with}: ${other.differences.join('; ') || 'they are the same'}`)
  const same = run.verdict === undefined ? null : isDeepStrictEqual(verdict, run.verdict)
  const exit = exitCode(verdict, run.changes)
  if (options.save) await save(run, verdict, exit)
  if (context.json) {
    const answer = { schema: 'squall.judge/1', id: run.id, same, stored: run.outcome ?? null, exit, saved: options.save === true }
    context.out(JSON.stringify({ ...answer, ...(other && { with: options.with, differences: other.differences }), verdict }, null, 2))
    return exit
  }
  context.out(renderSummary({ ...run, experiment, verdict }, { color: colour('bold', 'x') !== 'x' }))
  context.out(`\n${options.save ? 'saved; ' : ''}${comparison(same, run.verdict)}`)
  return exit
}
export default judgeAgain

async function otherBounds(
  run: StoredRun,
  file: string,
  vars: Record<string, string>,
  context: CommandContext,
): Promise<ReturnType<typeof underOtherBounds> | 'invalid'> {
  const loaded = await readDocument(file, vars, context)
  return loaded ? underOtherBounds(run, loaded.experiment) : 'invalid'
}

/** As it is kept: what JSON leaves out is no difference. */
function plain(verdict: Verdict): Verdict {
  return fromExactJson(toExactJson(verdict)) as Verdict
}

async function save(run: StoredRun<Verdict>, verdict: Verdict, exit: number): Promise<void> {
  if (run.endedAt === undefined) throw new SquallError('run-not-over', `run ${run.id} goes on: its verdict comes at its end`)
  const { outcome, because } = verdict
  const text = `The verdict was replaced; it was ${run.outcome ?? 'missing'}${run.verdict ? `: ${run.verdict.because}` : ''}`
  replaceVerdict(runDir(run.id, stateDir()), { verdict, outcome, exit, endedAt: run.endedAt }, text)
  await indexJudged({ id: run.id, outcome, exit, because, trials: trialsOf(verdict) })
}

function comparison(same: boolean | null, stored: Verdict | undefined): string {
  if (same === null) return 'no verdict was stored to compare with'
  if (same) return 'the same as the stored verdict'
  return `different from the stored verdict, which was ${stored?.outcome}: ${stored?.because}`
}
