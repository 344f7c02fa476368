/** What is known of measures by their name: kind, unit, and the bounds that hold when the document says nothing (`format.md` §2). */
import type { Bound, Cells, MeasureKind, Unit } from './experiment.ts'

export interface KnownMeasure {
  is: MeasureKind
  unit: Unit
  max: Cells
  min: Cells
}

/** There whenever there is traffic. */
export const trafficMeasures = ['latency_p50', 'latency_p95', 'latency_p99', 'error_rate', 'throughput'] as const

const slower: Bound = { limit: { kind: 'times', factor: 1.5, floor: 5 }, text: '1.5x (at least +5ms)' }
const moreErrors: Bound = { limit: { kind: 'times', factor: 1.5, floor: 0.005 }, text: '1.5x (at least +0.5pp)' }
const halfFail: Bound = { limit: { kind: 'absolute', value: 0.5 }, text: '50%' }
const lessDone: Bound = { limit: { kind: 'times', factor: 0.9, floor: 0 }, text: '0.9x' }

/** True for a bound nobody wrote. */
export function isDefault(bound: Bound | undefined): boolean {
  return bound === slower || bound === moreErrors || bound === halfFail || bound === lessDone
}

/** Undefined for a name that means nothing by itself. `latency_p50` … `latency_p99` each have their quantile. */
export function knownMeasure(name: string): KnownMeasure | undefined {
  const quantile = /^latency_p([5-9]\d)$/.exec(name)?.[1]
  if (quantile !== undefined) {
    const max: Cells = name === 'latency_p99' ? { recovery: slower } : {}
    return { is: { kind: 'latency', quantile: Number(quantile) / 100 }, unit: 'ms', max, min: {} }
  }
  if (name === 'error_rate') return { is: { kind: 'share' }, unit: 'share', max: { fault: halfFail, recovery: moreErrors }, min: {} }
  if (name === 'throughput') return { is: { kind: 'level' }, unit: '/s', max: {}, min: { recovery: lessDone } }
  if (name === 'recovery_time') return { is: { kind: 'recovery-time' }, unit: 'ms', max: {}, min: {} }
  return undefined
}
