/** The guard: each second, is it bad enough to stop? Pure; the engine feeds it what the load and the sources saw. */
import type { AbortBound, Experiment, Limit, Measure } from '../document/experiment.ts'
import type { LiveTick } from '../records/live-tick.ts'
import type { RunData, Sample } from '../records/run-data.ts'
import { quantile } from './quantile.ts'

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
  /** The baseline against which relative limits are taken. */
  baseline(data: RunData): void
  /**
   * A tick of the load (null: only the second has passed), the newest reading of each source measure, whether the abort cells count
   * now (blindness always does), and ms since the run's start.
   */
  tick(tick: LiveTick | null, samples: Readonly<Record<string, Sample>>, guarding: boolean, at?: number): Breach | null
}

interface Watch {
  measure: Measure
  direction: 'max' | 'min'
  bound: AbortBound
  /** In the measure's unit; null: needs a baseline that is not there. */
  limit: number | null
  badMs: number
  cusum: number[]
}

/** What one tick says about one watched measure: bad events of all, or one value. */
type Seen = { bad: number; total: number; allowed: number } | { value: number } | null

/** Alternatives of the e-CUSUM as multiples of the limit (research: verdict-and-metrics §2.7; Shin, Ramdas & Rinaldo 2023). */
const alternatives = [1.25, 1.5, 2, 3, 5, 10, 20, 50]
/** Bad readings in a row before a level without `for` counts. */
const levelTicks = 3

export function createGuard(experiment: Experiment, faultTicks: number): Guard {
  const blindAfter = experiment.environment === 'production' ? 5_000 : 15_000
  const watches = experiment.measures.flatMap((measure) => watchesOf(measure))
  const promised = productionBudget(experiment, faultTicks)
  let lastData: number | null = null
  let bad = 0
  for (const watch of watches) watch.limit = resolveLimit(watch, null)

  function blindness(tick: LiveTick | null, samples: Readonly<Record<string, Sample>>, at: number): Breach | null {
    const sees = (tick !== null && tick.planned + tick.ended > tick.notSent) || Object.values(samples).some((sample) => !('missing' in sample))
    if (sees || lastData === null) lastData = at
    if (at - lastData < blindAfter) return null
    return { by: 'blind', breached: false, why: `no data for ${Math.round((at - lastData) / 1000)} s: nobody can tell how the system is` }
  }

  return {
    latencyLimits: () => [...new Set(watches.flatMap(({ measure, limit }) => (measure.is.kind === 'latency' && limit !== null ? [limit] : [])))],
    baseline(data) {
      for (const watch of watches) watch.limit = resolveLimit(watch, data)
    },
    tick(tick, samples, guarding, at = tick?.at ?? 0) {
      const blind = blindness(tick, samples, at)
      if (blind || !guarding) return blind
      if (promised && tick) {
        bad += tick.error + tick.timeout
        if (bad > promised.budget) return { by: 'guard', breached: true, measure: 'error_rate', why: `${bad} failed requests: ${promised.text} over the fault phase cannot be kept any more` }
      }
      for (const watch of watches) {
        const breach = judgeTick(watch, seenBy(watch, tick, samples), tick ? tick.at - tick.from : 1000, faultTicks)
        if (breach) return breach
      }
      return null
    },
  }
}

function watchesOf(measure: Measure): Watch[] {
  return (['max', 'min'] as const).flatMap((direction) => {
    const bound = measure[direction].abort
    return bound && bound.limit.kind !== 'none' ? [{ measure, direction, bound, limit: null, badMs: 0, cusum: alternatives.map(() => 0) }] : []
  })
}

function resolveLimit({ measure, bound }: Watch, data: RunData | null): number | null {
  const limit: Limit = bound.limit
  if (limit.kind === 'absolute') return limit.value
  if (limit.kind === 'none') return null
  const base = data && baselineValue(measure, data)
  if (base === null) return null
  return limit.kind === 'plus' ? base + limit.value : Math.max(base * limit.factor, base + (limit.factor >= 1 ? limit.floor : 0))
}

function baselineValue(measure: Measure, data: RunData): number | null {
  const window = data.phases.find((phase) => phase.phase === 'baseline')
  if (!window) return null
  const inside = (at: number): boolean => at >= window.from && at < window.to
  if (measure.from !== 'traffic') {
    const values = (data.samples[measure.name] ?? []).flatMap((sample) => (inside(sample.at) && 'value' in sample ? [sample.value] : []))
    return values.length === 0 ? null : quantile(values.sort((a, b) => a - b), 0.5)
  }
  const seconds = data.traffic.filter((second) => inside(second.t * 1000) && !second.suspect)
  const total = seconds.reduce((sum, second) => sum + second.ok + second.error + second.timeout, 0)
  if (total === 0) return null
  if (measure.is.kind === 'latency') return quantile(seconds.flatMap((second) => second.latencies).sort((a, b) => a - b), measure.is.quantile)
  if (measure.is.kind === 'share') return seconds.reduce((sum, second) => sum + second.error + second.timeout, 0) / total
  return seconds.reduce((sum, second) => sum + second.ok, 0) / seconds.length
}

function seenBy({ measure, limit }: Watch, tick: LiveTick | null, samples: Readonly<Record<string, Sample>>): Seen {
  if (limit === null) return null
  if (measure.from !== 'traffic') {
    const sample = samples[measure.name]
    if (!sample || 'missing' in sample || 'buckets' in sample) return null
    return 'value' in sample ? { value: sample.value } : { bad: sample.bad, total: sample.total, allowed: limit }
  }
  if (!tick) return null
  if (measure.is.kind === 'latency') {
    const count = tick.thresholds.find((threshold) => threshold.limit === limit)
    return count && count.decided > 0 ? { bad: count.slow, total: count.decided, allowed: 1 - measure.is.quantile } : null
  }
  if (measure.is.kind === 'share') return tick.ended > 0 ? { bad: tick.error + tick.timeout, total: tick.ended, allowed: limit } : null
  return { value: (1000 * tick.ok) / Math.max(1, tick.at - tick.from) }
}

function judgeTick(watch: Watch, seen: Seen, lasted: number, faultTicks: number): Breach | null {
  if (!seen || watch.limit === null) return null
  const isBad = 'value' in seen ? (watch.direction === 'max' ? seen.value > watch.limit : seen.value < watch.limit) : seen.bad / seen.total > seen.allowed
  watch.badMs = isBad ? watch.badMs + lasted : 0
  const wanted = watch.bound.for ?? ('value' in seen ? levelTicks * 1000 : null)
  // A tick is a second give or take a few ms: "for 2s" is two bad ones in a row.
  const proved = wanted !== null ? watch.badMs >= wanted - 50 * Math.max(1, wanted / 1000) : !('value' in seen) && cusumAlarm(watch, seen, faultTicks)
  if (!proved) return null
  return { by: 'guard', breached: true, measure: watch.measure.name, why: breachWords(watch, seen) }
}

/**
 * e-CUSUM of Bernoulli likelihood ratios, averaged over the alternatives, alarm at c = 20 T: P(false alarm in T ticks) ≤ 5 %.
 * Kept as logarithms.
 */
function cusumAlarm(watch: Watch, seen: { bad: number; total: number; allowed: number }, faultTicks: number): boolean {
  const p0 = Math.min(0.999, Math.max(1e-6, seen.allowed))
  let mean = 0
  let used = 0
  for (const [i, times] of alternatives.entries()) {
    const p1 = p0 * times
    if (p1 >= 1) continue
    used++
    const step = seen.bad * Math.log(p1 / p0) + (seen.total - seen.bad) * Math.log((1 - p1) / (1 - p0))
    watch.cusum[i] = Math.max(0, watch.cusum[i] as number) + step
    mean += Math.exp(Math.min(700, watch.cusum[i] as number))
  }
  return used > 0 && mean / used >= 20 * Math.max(1, faultTicks)
}

function breachWords({ measure, bound, limit }: Watch, seen: NonNullable<Seen>): string {
  if ('value' in seen) return `${measure.name} is ${round(seen.value)}, the run is stopped at ${bound.text}`
  const share = `${((100 * seen.bad) / seen.total).toFixed(0)} %`
  if (measure.is.kind === 'latency') return `${measure.name}: ${share} of the requests are later than ${round(limit ?? 0)} ms, the run is stopped at ${bound.text}`
  return `${measure.name} is ${share}, the run is stopped at ${bound.text}`
}

/** Production stops as soon as the fault bound on errors can't be kept any more, whatever still comes. */
function productionBudget(experiment: Experiment, faultTicks: number): { budget: number; text: string } | null {
  const bound = experiment.measures.find((measure) => measure.name === 'error_rate')?.max.fault
  if (experiment.environment !== 'production' || !experiment.traffic || bound?.limit.kind !== 'absolute' || bound.after !== undefined) return null
  return { budget: bound.limit.value * experiment.traffic.rate * faultTicks, text: `at most ${bound.text} errors` }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
