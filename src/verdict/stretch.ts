/** The stored seconds of a run, cut to a phase: which of them can be trusted, and what was counted in them. */
import type { Experiment, JudgedPhase } from '../document/experiment.ts'
import type { PhaseWindow, RunData, TrafficSecond } from '../records/run-data.ts'
import { quantile } from './quantile.ts'
import type { Counts } from './share-interval.ts'
import { sum } from './share-interval.ts'

/** Shared by all parts of the judge. */
export interface Material {
  data: RunData
  experiment: Experiment
  seconds: Map<number, TrafficSecond>
}

/** Part of a phase in whole seconds. A missing second is null: nothing is known about it, or Squall itself spoilt it. */
export interface Stretch {
  window: PhaseWindow
  /** ms after the phase began. */
  after: number
  /** Number of the first whole second since the run's start. */
  first: number
  seconds: (TrafficSecond | null)[]
}

export function materialOf(data: RunData): Material {
  return { data, experiment: data.experiment, seconds: new Map(data.traffic.map((second) => [second.t, second])) }
}

export function windowOf({ data }: Material, phase: JudgedPhase): PhaseWindow | undefined {
  return data.phases.find((window) => window.phase === phase && window.to > window.from)
}

export function stretchOf(material: Material, phase: JudgedPhase, after = 0, use: Use = 'times'): Stretch | undefined {
  const window = windowOf(material, phase)
  if (!window) return undefined
  const first = Math.ceil((window.from + after) / 1000)
  const length = Math.max(0, Math.floor(window.to / 1000) - first)
  const sparse = (material.experiment.traffic?.rate ?? 0) < 1
  const seconds = Array.from({ length }, (_, i) => {
    const second = material.seconds.get(first + i)
    if (second) return trusted(second, use) ? second : null
    return sparse && material.experiment.traffic ? quiet(first + i) : null
  })
  return { window, after, first, seconds }
}

/** All seconds that the time from … to (ms) touches and whose counts can be trusted: for totals, where the second in which a phase changes counts too. */
export function countedSeconds({ seconds }: Material, from: number, to: number): TrafficSecond[] {
  const found: TrafficSecond[] = []
  for (let t = Math.floor(from / 1000); t * 1000 < to; t++) {
    const second = seconds.get(t)
    if (second && trusted(second, 'counts')) found.push(second)
  }
  return found
}

/** What a second is asked for: how many requests ended how, or how long they took. */
export type Use = 'counts' | 'times'

/** ms of start lag that are never worth a word. */
export const smallLag = 10
/** Share of the second's own slow end that its start lag may make up: a lag of 15 ms says nothing against answers of 2 s. */
const harmlessLag = 0.1

/**
 * More than 1 % not sent, requests whose end nobody saw, or a generator that stood still: the load was at fault, not the target.
 * For times also a start lag that could be what was measured; how a request ended does not hang on some ms of lag.
 */
export function trusted(second: TrafficSecond, use: Use = 'times'): boolean {
  const { planned, notSent, lagP99, suspect, latencies } = second
  if (notSent > planned / 100 || ended(second) + notSent < planned || !latencies.every(Number.isFinite)) return false
  const late = lagP99 > smallLag
  if (suspect && !late) return false
  return use === 'counts' || !late || lagP99 <= harmlessLag * slowEnd(latencies)
}

function slowEnd(latencies: readonly number[]): number {
  return latencies.length === 0 ? 0 : quantile(Float64Array.from(latencies).sort(), 0.99)
}

/** Below one request a second an empty second says nothing and nothing is wrong. */
function quiet(t: number): TrafficSecond {
  return { t, planned: 0, ok: 0, error: 0, timeout: 0, notSent: 0, latencies: [], lagP99: 0, suspect: false, reasons: {} }
}

export function ended({ ok, error, timeout }: TrafficSecond): number {
  return ok + error + timeout
}

export function present(stretch: Stretch): TrafficSecond[] {
  return stretch.seconds.filter((second) => second !== null)
}

/** Share of the stretch without data; an empty stretch is all missing. */
export function missingShare({ seconds }: Stretch): number {
  return seconds.length === 0 ? 1 : seconds.filter((second) => second === null).length / seconds.length
}

export function errorCounts(stretch: Stretch): Counts {
  const seconds = present(stretch)
  return { bad: seconds.map(({ error, timeout }) => error + timeout), total: seconds.map(ended) }
}

/** Requests slower than `limit` ms of those that ended. */
export function slowCounts(stretch: Stretch, limit: number): Counts {
  const seconds = present(stretch)
  const slower = (latencies: readonly number[]): number => {
    let count = 0
    for (const latency of latencies) if (latency > limit) count++
    return count
  }
  return { bad: seconds.map(({ latencies }) => slower(latencies)), total: seconds.map(({ latencies }) => latencies.length) }
}

export function sortedLatencies(seconds: readonly TrafficSecond[]): Float64Array {
  const all = new Float64Array(sum(seconds.map(({ latencies }) => latencies.length)))
  let k = 0
  for (const { latencies } of seconds) {
    all.set(latencies, k)
    k += latencies.length
  }
  return all.sort()
}
