/** The stored seconds of a run, cut to a phase: which of them can be trusted, and what was counted in them. */
import type { Experiment, JudgedPhase } from '../document/experiment.ts'
import type { PhaseWindow, RunData, TrafficSecond } from '../records/run-data.ts'
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

export function stretchOf(material: Material, phase: JudgedPhase, after = 0): Stretch | undefined {
  const window = windowOf(material, phase)
  if (!window) return undefined
  const first = Math.ceil((window.from + after) / 1000)
  const length = Math.max(0, Math.floor(window.to / 1000) - first)
  const sparse = (material.experiment.traffic?.rate ?? 0) < 1
  const seconds = Array.from({ length }, (_, i) => {
    const second = material.seconds.get(first + i)
    if (second) return trusted(second) ? second : null
    return sparse && material.experiment.traffic ? quiet(first + i) : null
  })
  return { window, after, first, seconds }
}

/** More than 1 % not sent, a start lag over 10 ms, or requests whose end nobody saw: the load was the slow one, not the target. */
export function trusted(second: TrafficSecond): boolean {
  const { planned, notSent, lagP99, suspect } = second
  return !suspect && notSent <= planned / 100 && !(lagP99 > 10) && ended(second) + notSent >= planned && second.latencies.every(Number.isFinite)
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
