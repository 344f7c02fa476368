/** One simulated run: the samples, the judge's verdict, and what the plain rule would have said. */
import type { RunData } from '../../src/records/run-data.ts'
import { judge } from '../../src/verdict/judge.ts'
import type { CellVerdict, Verdict } from '../../src/verdict/verdict.ts'
import { plainRule } from './plain-rule.ts'
import type { Cell } from './plan.ts'
import { chance } from './random.ts'
import { runData } from './run-data.ts'
import { tell, worlds } from './worlds.ts'

/** Runs in which … */
export interface Counts {
  /** … the recovery question was answered no, or yes. */
  failed: number
  passed: number
  /** … all three questions were answered yes. */
  runPassed: number
  /** … the within or the recovery question was answered no, as a placebo run counts it. */
  alarm: number
  /** … the second half of the baseline was held against the first. */
  halvesAlarm: number
  halvesTold: number
  /** … the baseline was called unstable, and … a drift beyond its margin was noted. */
  unstable: number
  drift: number
  /** … the tail check said no, or could not tell. */
  tailFailed: number
  tailOpen: number
  /** … the series of p99 said no. */
  seriesFailed: number
  /** … without any error, errors were held against the system. */
  zeroErrorsFailed: number
  /** … the plain rule said no: the whole of it, and its p99 part alone. */
  plainFailed: number
  plainP99Failed: number
  /** … something was promised, and … it came true. */
  promised: number
  kept: number
}

export interface Tally {
  runs: number
  judgeMs: number
  counts: Counts
}

export const nothing = (): Counts => ({
  ...{ failed: 0, passed: 0, runPassed: 0, alarm: 0, halvesAlarm: 0, halvesTold: 0, unstable: 0, drift: 0, tailFailed: 0, tailOpen: 0 },
  ...{ seriesFailed: 0, zeroErrorsFailed: 0, plainFailed: 0, plainP99Failed: 0, promised: 0, kept: 0 },
})

export function simulate(cell: Cell, world: string, firstSeed: number, runs: number): Tally {
  const tally: Tally = { runs, judgeMs: 0, counts: nothing() }
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const data = runData(cell, tell(worlds[world] ?? {}, cell.story, chance(seed)))
    const start = performance.now()
    const verdict = judge(data)
    tally.judgeMs += performance.now() - start
    if (verdict.error) throw new Error(`seed ${seed}: ${verdict.error.message}`)
    count(tally.counts, data, verdict)
    if (cell.promise) tryPromise(tally.counts, cell, world, seed, verdict)
  }
  return tally
}

function count(counts: Counts, data: RunData, verdict: Verdict): void {
  const add = (what: keyof Counts, is: boolean): void => void (counts[what] += is ? 1 : 0)
  const { questions, halves, notes } = verdict
  const tail = cellOf(verdict, 'latency_p99 tail')
  const plain = plainRule(data)
  add('failed', questions.recovered.answer === 'no')
  add('passed', questions.recovered.answer === 'yes')
  add('runPassed', verdict.outcome === 'passed')
  add('alarm', questions.recovered.answer === 'no' || questions.within.answer === 'no')
  add('halvesAlarm', halves.answer === 'no')
  add('halvesTold', halves.answer !== "can't tell")
  add(
    'unstable',
    verdict.stability.some(({ decision }) => decision === 'moved'),
  )
  add(
    'drift',
    notes.some((note) => note.includes(' a minute')),
  )
  add('tailFailed', tail.decision === 'breached')
  add('tailOpen', tail.decision === "can't tell")
  add('seriesFailed', cellOf(verdict, 'latency_p99').decision === 'breached')
  add('zeroErrorsFailed', !data.traffic.some(({ error }) => error > 0) && cellOf(verdict, 'error_rate').decision === 'breached')
  add('plainFailed', !plain.p99 || !plain.rest)
  add('plainP99Failed', !plain.p99)
}

/** The same seed tells the same baseline: what its precision promised is now done to the recovery phase, or asked of it. */
function tryPromise(counts: Counts, cell: Cell, world: string, seed: number, { precision }: Verdict): void {
  const own = precision.find(({ measure, phase }) => measure === 'latency_p99' && phase === 'recovery')
  const said = cell.promise === 'finds' ? own?.finds : own?.proves
  if (said === null || said === undefined) return
  counts.promised++
  const tried: Cell = cell.promise === 'finds' ? { ...cell, story: { ...cell.story, slower: said - 1 } } : { ...cell, factor: said }
  const verdict = judge(runData(tried, tell(worlds[world] ?? {}, tried.story, chance(seed))))
  if (cellOf(verdict, 'latency_p99').decision === (cell.promise === 'finds' ? 'breached' : 'held')) counts.kept++
}

function cellOf({ cells }: Verdict, name: string): CellVerdict {
  const cell = cells.find(({ measure, phase }) => measure === name && phase === 'recovery')
  if (!cell) throw new Error(`no cell ${name}`)
  return cell
}
