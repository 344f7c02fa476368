/** Which bounds a phase is judged by, and the error rates they share. */
import type { Bound, Experiment, JudgedPhase, Measure } from '../document/experiment.ts'

const alpha = 0.05

export interface WantedBound {
  measure: Measure
  direction: 'max' | 'min'
  bound: Bound
}

export function boundsIn({ measures }: Experiment, phase: JudgedPhase): WantedBound[] {
  return measures.flatMap((measure) =>
    (measure.is.kind === 'recovery-time' ? [] : (['max', 'min'] as const)).flatMap((direction) => {
      const bound = measure[direction][phase]
      return bound && bound.limit.kind !== 'none' ? [{ measure, direction, bound }] : []
    }),
  )
}

/** The measure whose tail is checked: a p99 of the load with a recovery bound that is relative to baseline. A fixed one is a check of the tail already. */
export function tailMeasure({ measures }: Experiment): { measure: Measure; bound: Bound } | null {
  for (const measure of measures) {
    const bound = measure.max.recovery
    if (measure.from !== 'traffic' || measure.is.kind !== 'latency' || measure.is.quantile !== 0.99) continue
    if (bound && isRelative(bound)) return { measure, bound }
  }
  return null
}

export function isRelative({ limit }: Bound): boolean {
  return limit.kind === 'times' || limit.kind === 'plus'
}

export interface ErrorRates {
  breached: number
  held: number
}

/** One-sided. Saying *not recovered* is shared among the bounds (Bonferroni); *recovered* needs them all anyway. */
export function errorRates(experiment: Experiment, phase: JudgedPhase): ErrorRates {
  if (phase !== 'recovery') return { breached: alpha, held: alpha }
  return { breached: alpha / Math.max(1, boundsIn(experiment, phase).length), held: alpha }
}

/** The tail check's own: bursts make wide intervals, and with a share of the bounds' rate it would hardly ever find one. */
export const tailErrorRates: ErrorRates = { breached: alpha, held: alpha }
