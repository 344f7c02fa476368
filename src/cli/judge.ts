/** `squall judge RUN`: the stored samples judged once more. The exit code is this verdict's. */
import { isDeepStrictEqual } from 'node:util'
import { fromExactJson, toExactJson } from '../records/exact-json.ts'
import { renderSummary } from '../report/summary.ts'
import { exitCode } from '../verdict/exit-code.ts'
import { judge } from '../verdict/judge.ts'
import type { Verdict } from '../verdict/verdict.ts'
import type { Command } from './context.ts'
import { colour } from './output.ts'
import { storedRun } from './stored-run.ts'

const judgeAgain: Command = async ([wanted = 'last'], _options, context) => {
  const run = await storedRun(wanted, context)
  const verdict = fromExactJson(toExactJson(judge(run))) as Verdict
  const same = run.verdict === undefined ? null : isDeepStrictEqual(verdict, run.verdict)
  const exit = exitCode(verdict, run.changes)
  if (context.json) {
    context.out(JSON.stringify({ schema: 'squall.judge/1', id: run.id, same, stored: run.outcome ?? null, exit, verdict }, null, 2))
    return exit
  }
  context.out(renderSummary({ ...run, verdict }, { color: colour('bold', 'x') !== 'x' }))
  context.out(`\n${comparison(same, run.verdict)}`)
  return exit
}
export default judgeAgain

function comparison(same: boolean | null, stored: Verdict | undefined): string {
  if (same === null) return 'no verdict was stored to compare with'
  if (same) return 'the same as the stored verdict'
  return `different from the stored verdict, which was ${stored?.outcome}: ${stored?.because}`
}
