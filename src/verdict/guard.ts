// STUB by the lead so that the run can be tried; the verdict helper replaces this file.
import type { Experiment } from '../document/experiment.ts'
import type { LiveTick } from '../records/live-tick.ts'
import type { RunData, Sample } from '../records/run-data.ts'
export interface Breach { by: 'guard' | 'blind'; why: string; breached: boolean; measure?: string }
export interface Guard {
  latencyLimits(): number[]
  baseline(data: RunData): void
  tick(tick: LiveTick | null, samples: Record<string, Sample>, guarding: boolean, at?: number): Breach | null
}
export function createGuard(_experiment: Experiment, _ticks: number): Guard {
  return { latencyLimits: () => [], baseline: () => {}, tick: () => null }
}
