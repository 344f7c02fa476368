/** Small made-up runs: 20 s of baseline, fault and recovery each, 50 requests a second, unless a test says otherwise. */
import type { Bound, Cells, Experiment, JudgedPhase, Limit, Measure } from '../../src/document/experiment.ts'
import type { ChangeRecord, RunData, Sample, TrafficSecond } from '../../src/records/run-data.ts'
import type { CellVerdict, Verdict } from '../../src/verdict/verdict.ts'

export const length = 20
const phases: readonly JudgedPhase[] = ['baseline', 'fault', 'recovery']

export const absolute = (value: number, text = String(value), after?: number): Bound => ({
  limit: { kind: 'absolute', value },
  text,
  ...(after !== undefined && { after }),
})
export const times = (factor: number, floor = 0): Bound => ({ limit: { kind: 'times', factor, floor }, text: `${factor}x` })
export const plus = (value: number, text = `+${value}`): Bound => ({ limit: { kind: 'plus', value }, text })
export const none: Limit = { kind: 'none' }

export function measure(name: string, is: Measure['is'], unit: Measure['unit'], max: Cells, min: Cells = {}, from = 'traffic'): Measure {
  return { name, is, unit, from, query: name, max, min }
}

export const p99 = (max: Cells): Measure => measure('latency_p99', { kind: 'latency', quantile: 0.99 }, 'ms', max)
export const errorRate = (max: Cells): Measure => measure('error_rate', { kind: 'share' }, 'share', max)
export const throughput = (min: Cells): Measure => measure('throughput', { kind: 'level' }, '/s', {}, min)

/** What the document means when it says nothing (requirement A6). */
export const usual = (): Measure[] => [
  p99({ recovery: times(1.5, 5) }),
  errorRate({ fault: absolute(0.5, '50%'), recovery: times(1.5, 0.005) }),
  throughput({ recovery: times(0.9) }),
]

export function experiment(measures: Measure[] = usual(), more: Partial<Experiment> = {}): Experiment {
  return {
    name: 'freeze',
    hypothesis: 'it holds',
    environment: 'test',
    tags: [],
    traffic: { rate: 50, requests: [], timeout: 2000, ok: { status: ['2xx'] } },
    proxies: [],
    sources: [],
    measures,
    phases: { warmup: 0, baseline: length * 1000, fault: length * 1000, recovery: length * 1000 },
    faults: [{ name: 'pause', type: 'pause', after: 0, spec: {} }],
    ...more,
  }
}

export const change = (more: Partial<ChangeRecord> = {}): ChangeRecord => ({
  fault: 'pause',
  type: 'pause',
  target: 'payments',
  does: 'stops it',
  undoes: 'continues it',
  state: 'verified',
  injectedAt: 20_000,
  activeAt: 20_010,
  undoAt: 40_000,
  inactiveAt: 40_010,
  looks: [{ at: 21_000, active: true, seen: 'stopped' }],
  ...more,
})

/** How one phase goes: what may be left out is healthy. */
export interface Going {
  rate?: number
  /** ms. */
  latency?: number | ((second: number) => number)
  /** Errors in each second. */
  errors?: number | ((second: number) => number)
  /** Seconds (of the phase) that are suspect. */
  suspect?: number[]
  seconds?: number
}

export interface Story extends Partial<Record<JudgedPhase, Going>> {
  measures?: Measure[]
  samples?: Record<string, Sample[]>
  data?: Partial<RunData>
  experiment?: Partial<Experiment>
}

export function run(story: Story = {}): RunData {
  const traffic: TrafficSecond[] = []
  const windows: RunData['phases'] = []
  let t = 0
  for (const phase of phases) {
    const going = story[phase] ?? {}
    const from = t
    for (let i = 0; i < (going.seconds ?? length); i++) traffic.push(second(t++, i, going))
    windows.push({ phase, from: from * 1000, to: t * 1000 })
  }
  const withLoad = story.experiment && 'traffic' in story.experiment ? story.experiment.traffic !== undefined : true
  return {
    id: 'r1',
    experiment: experiment(story.measures, story.experiment),
    startedAt: '2026-01-01T10:00:00.000Z',
    phases: windows,
    traffic: withLoad ? traffic : [],
    samples: story.samples ?? {},
    changes: [change()],
    ...story.data,
  }
}

const of = <T>(value: T | ((second: number) => T) | undefined, second: number, usualValue: T): T =>
  typeof value === 'function' ? (value as (second: number) => T)(second) : (value ?? usualValue)

export function second(t: number, i: number, { rate = 50, latency, errors, suspect }: Going): TrafficSecond {
  const error = Math.min(rate, of(errors, i, 0))
  const typical = of(latency, i, 50)
  // A fixed pattern without chance: within ±10 %, and each second another ±3 %.
  const wobble = 0.97 + 0.06 * ((t * 0.618034) % 1)
  const latencies = Array.from({ length: rate }, (_, k) => typical * wobble * (0.9 + 0.2 * (((k * 7 + t * 13) % 50) / 50)))
  return {
    t,
    planned: rate,
    ok: rate - error,
    error,
    timeout: 0,
    notSent: 0,
    latencies,
    lagP99: 0.4,
    suspect: suspect?.includes(i) ?? false,
    reasons: {},
  }
}

/** One reading a second over all three phases. */
export function readings(value: (second: number) => number | null): Sample[] {
  return Array.from({ length: 3 * length }, (_, i): Sample => {
    const found = value(i)
    return found === null ? { at: i * 1000 + 300, missing: 'timeout' } : { at: i * 1000 + 300, value: found }
  })
}

export function cellOf(verdict: Verdict, name: string, phase: JudgedPhase, direction: 'max' | 'min' = 'max'): CellVerdict {
  const cell = verdict.cells.find(
    (candidate) => candidate.measure === name && candidate.phase === phase && candidate.direction === direction,
  )
  if (!cell) throw new Error(`no cell ${name} in ${phase}`)
  return cell
}
