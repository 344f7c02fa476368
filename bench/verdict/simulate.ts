/** One simulated run: the samples, the judge's verdict, and what the plain rule would have said. */
import type { Experiment, Limit, Measure } from '../../src/document/experiment.ts'
import type { RunData, TrafficSecond } from '../../src/records/run-data.ts'
import { judge } from '../../src/verdict/judge.ts'
import type { Cell } from './plan.ts'
import { chance } from './random.ts'
import { tell, worlds } from './worlds.ts'

export interface Tally {
  runs: number
  failed: number
  passed: number
  /** The whole run, all three questions. */
  runPassed: number
  /** Runs without any error in which the judge held errors against the system. */
  zeroErrorsFailed: number
  /** Requirement A6 as two numbers: the whole rule, and its p99 part alone. */
  plainFailed: number
  plainP99Failed: number
  judgeMs: number
}

export function simulate(cell: Cell, world: string, firstSeed: number, runs: number): Tally {
  const tally: Tally = { runs, failed: 0, passed: 0, runPassed: 0, zeroErrorsFailed: 0, plainFailed: 0, plainP99Failed: 0, judgeMs: 0 }
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const data = runData(cell, tell(worlds[world] ?? {}, cell.story, chance(seed)))
    const start = performance.now()
    const verdict = judge(data)
    tally.judgeMs += performance.now() - start
    if (verdict.error) throw new Error(`seed ${seed}: ${verdict.error.message}`)
    if (verdict.questions.recovered.answer === 'no') tally.failed++
    if (verdict.questions.recovered.answer === 'yes') tally.passed++
    if (verdict.outcome === 'passed') tally.runPassed++
    const errors = data.traffic.some(({ error }) => error > 0)
    if (!errors && verdict.cells.some(({ measure, decision }) => measure === 'error_rate' && decision === 'breached'))
      tally.zeroErrorsFailed++
    const plain = plainRule(data)
    if (!plain.p99 || !plain.rest) tally.plainFailed++
    if (!plain.p99) tally.plainP99Failed++
  }
  return tally
}

function runData(cell: Cell, traffic: TrafficSecond[]): RunData {
  const { window, gap } = cell.story
  const at = (second: number): number => second * 1000
  return {
    id: 'bench',
    experiment: experiment(cell),
    startedAt: '2026-01-01T00:00:00.000Z',
    phases: [
      { phase: 'baseline', from: 0, to: at(window) },
      { phase: 'fault', from: at(window), to: at(window + gap) },
      { phase: 'recovery', from: at(window + gap), to: at(2 * window + gap) },
    ],
    traffic,
    samples: {},
    changes: [],
  }
}

/** The default measures of requirement A6, with the cell's own margin on p99. */
function experiment({ story, factor }: Cell): Experiment {
  const times = (x: number, floor: number): Limit => ({ kind: 'times', factor: x, floor })
  const measure = (name: string, is: Measure['is'], unit: Measure['unit'], max: Measure['max'], min: Measure['min'] = {}): Measure => ({
    name,
    is,
    unit,
    from: 'traffic',
    query: name,
    max,
    min,
  })
  return {
    name: 'bench',
    hypothesis: 'nothing is wrong',
    environment: 'test',
    tags: [],
    traffic: { rate: story.rate, requests: [], timeout: 10_000, ok: { status: ['2xx'] } },
    sources: [],
    measures: [
      measure('latency_p99', { kind: 'latency', quantile: 0.99 }, 'ms', { recovery: { limit: times(factor, 5), text: `${factor}x` } }),
      measure('error_rate', { kind: 'share' }, 'share', {
        fault: { limit: { kind: 'absolute', value: 0.5 }, text: '50%' },
        recovery: { limit: times(1.5, 0.005), text: '1.5x' },
      }),
      measure('throughput', { kind: 'level' }, '/s', {}, { recovery: { limit: times(0.9, 0), text: '0.9x' } }),
    ],
    phases: { warmup: 0, baseline: story.window * 1000, fault: story.gap * 1000, recovery: story.window * 1000 },
    faults: [],
  }
}

/** Requirement A6 taken at its word: compare two numbers, "below 1.5 x baseline". True: it holds. */
function plainRule({ phases, traffic }: RunData): { p99: boolean; rest: boolean } {
  const [baseline, , recovery] = phases.map(({ from, to }) => traffic.filter(({ t }) => t * 1000 >= from && t * 1000 < to))
  const p99 = (seconds: TrafficSecond[]): number => {
    const all = Float64Array.from(seconds.flatMap(({ latencies }) => latencies)).sort()
    return all[Math.ceil(all.length * 0.99) - 1] ?? 0
  }
  const rate = (seconds: TrafficSecond[], count: (second: TrafficSecond) => number): number =>
    seconds.reduce((total, second) => total + count(second), 0) / seconds.length
  const [before, after] = [baseline ?? [], recovery ?? []]
  return {
    p99: p99(after) < 1.5 * p99(before),
    rest:
      rate(after, ({ error }) => error) < 1.5 * rate(before, ({ error }) => error) &&
      rate(after, ({ ok }) => ok) > 0.9 * rate(before, ({ ok }) => ok),
  }
}
