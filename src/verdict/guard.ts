/** The guard: each second, is it bad enough to stop? Pure; the engine feeds it what the load and the sources saw. */
import type { Experiment } from '../document/experiment.ts'
import type { LiveTick } from '../records/live-tick.ts'
import type { RunData, Sample } from '../records/run-data.ts'
import { baselineValue } from './baseline-value.ts'
import { allowedBy } from './limits.ts'
import { seconds } from './numbers.ts'
import { createWatch, type Watch } from './watch.ts'

export interface Breach {
  by: 'guard' | 'blind'
  /** One sentence with the numbers. */
  why: string
  /** A bound was proved broken. */
  breached: boolean
  measure?: string
}

export interface Guard {
  /** ms; the limits the load generator has to count. Relative ones are there after `baseline`. */
  latencyLimits(): number[]
  /** By measure, ms: how much rarer than once a second its source gives readings, so that waiting for one is not being blind. */
  sourcePaces(paces: Readonly<Record<string, number>>): void
  /** The baseline against which relative limits are taken. */
  baseline(data: RunData): void
  /**
   * A tick of the load (null: only the second has passed), the newest reading of each source measure, whether the abort cells count
   * now (blindness always does), and ms since the run's start.
   */
  tick(tick: LiveTick | null, samples: Readonly<Record<string, Sample>>, guarding: boolean, at?: number): Breach | null
}

/** @param faultTicks planned length of the fault phase in seconds */
export function createGuard(experiment: Experiment, faultTicks: number): Guard {
  const watches = experiment.measures.flatMap((measure) =>
    (['max', 'min'] as const).flatMap((direction) => {
      const bound = measure[direction].abort
      return bound && bound.limit.kind !== 'none' ? [createWatch(measure, direction, bound, faultTicks)] : []
    }),
  )
  let paces: Readonly<Record<string, number>> = {}
  const blind = createBlindness(experiment, watches, (name) => paces[name] ?? 0)
  const budget = createErrorBudget(experiment, faultTicks)
  return {
    latencyLimits: () => [
      ...new Set(
        watches.flatMap((watch) => (watch.measure.from === 'traffic' && watch.measure.is.kind === 'latency' ? (watch.limit() ?? []) : [])),
      ),
    ],
    sourcePaces(known) {
      paces = known
    },
    baseline(data) {
      for (const watch of watches) watch.baseline(baselineValue(data, watch.measure))
      budget?.baseline(data)
    },
    tick(tick, samples, guarding, at = tick?.at ?? 0) {
      const lost = blind(tick, samples, guarding, at)
      if (lost) return lost
      if (!guarding) return null
      const spent = tick && budget?.tick(tick)
      if (spent) return { by: 'guard', breached: true, measure: 'error_rate', why: spent }
      for (const watch of watches) {
        const why = watch.tick(tick, samples[watch.measure.name], tick ? tick.at - tick.from : 1000)
        if (why) return { by: 'guard', breached: true, measure: watch.measure.name, why }
      }
      return null
    },
  }
}

/** No data at all, or none of a source that guards: 15 s, in production 5 s. */
function createBlindness(
  { environment, traffic, measures }: Experiment,
  watches: readonly Watch[],
  paceOf: (measure: string) => number,
): (tick: LiveTick | null, samples: Readonly<Record<string, Sample>>, guarding: boolean, at: number) => Breach | null {
  const patience = environment === 'production' ? 5_000 : 15_000
  const guards = watches.filter(({ measure }) => measure.from !== 'traffic').map(({ measure }) => measure.name)
  let anything: number | null = null
  let since: Record<string, number> = {}
  const read = (sample: Sample | undefined): boolean => sample !== undefined && !('missing' in sample)
  /** The quickest source decides how soon there must be anything at all. */
  const quickest = (): number => (traffic ? 0 : Math.min(...measures.flatMap(({ name, from }) => (from === 'traffic' ? [] : paceOf(name)))))
  const breach = (what: string, silent: number): Breach => ({
    by: 'blind',
    breached: false,
    why: `no data ${what}for ${seconds(silent)}: nobody can tell how the system is`,
  })
  return (tick, samples, guarding, at) => {
    const sees = (tick !== null && tick.planned + tick.ended > tick.notSent) || Object.values(samples).some(read)
    if (sees || anything === null) anything = at
    if (at - anything >= patience + quickest()) return breach('', at - anything)
    if (!guarding) since = {}
    for (const name of guarding ? guards : []) {
      if (read(samples[name]) || since[name] === undefined) since[name] = at
      if (at - since[name] >= patience + paceOf(name)) return breach(`for ${name} `, at - since[name])
    }
    return null
  }
}

interface ErrorBudget {
  baseline(data: RunData): void
  tick(tick: LiveTick): string | null
}

/** Production without an `abort` of its own stops as soon as the fault bound on errors can't be kept any more, whatever still comes. */
function createErrorBudget(experiment: Experiment, faultTicks: number): ErrorBudget | null {
  const measure = experiment.measures.find(({ name, from }) => name === 'error_rate' && from === 'traffic')
  const bound = measure?.max.fault
  if (experiment.environment !== 'production' || !experiment.traffic || !measure || !bound || measure.max.abort) return null
  const after = bound.after ?? 0
  const planned = experiment.traffic.rate * Math.max(0, faultTicks - after / 1000)
  let allowed = bound.limit.kind === 'absolute' ? bound.limit.value : null
  let passed = 0
  let bad = 0
  return {
    baseline(data) {
      const value = baselineValue(data, measure)
      if (bound.limit.kind !== 'absolute') allowed = value === null ? null : allowedBy(bound.limit, value, 'max')
    },
    tick(tick) {
      passed += tick.at - tick.from
      if (passed <= after || allowed === null) return null
      bad += tick.error + tick.timeout
      return bad > allowed * planned
        ? `${bad} requests failed: with ${Math.round(planned)} planned, error_rate can't stay within ${bound.text} any more`
        : null
    },
  }
}
