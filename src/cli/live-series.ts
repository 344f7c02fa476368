/** What the live view knows of each measure: a value a second, the value now, and what the phase allows. */
import type { Bound, Experiment, JudgedPhase, Measure, Phase } from '../document/experiment.ts'
import type { LiveTick } from '../records/live-tick.ts'
import type { PhaseWindow, Sample, TrafficSecond } from '../records/run-data.ts'
import { sampleValue } from '../report/series.ts'
import type { RunNews } from '../run/events.ts'
import { baselineValue } from '../verdict/baseline-value.ts'
import { allowedBy } from '../verdict/limits.ts'
import { quantity } from '../verdict/numbers.ts'
import { quantile } from '../verdict/quantile.ts'
import { trusted } from '../verdict/stretch.ts'

/** Seconds of load behind the value that is shown as the one of now. */
const recentSeconds = 5

export interface LiveMeasure {
  name: string
  /** A value for each of the last seconds, oldest first; null: nothing is known. */
  points: (number | null)[]
  /** `38 %`, `≥ 1000 ms`, `–`. */
  now: string
  /** What this phase allows. */
  bounds: LiveBound[]
}

export interface LiveBound {
  /** As its author wrote it: `max 5%`. */
  text: string
  direction: 'max' | 'min'
  /** In the unit of the points; null: it hangs on a baseline that is not known. */
  limit: number | null
  /** Null: it does not count yet, or nothing is known. */
  isWithin: boolean | null
}

export interface LiveSeries {
  see(news: RunNews): void
  /** At `at` ms since the run's start, with at most `most` points; measures that are judged anywhere come first. */
  measures(at: number, most: number): LiveMeasure[]
  /** Requests that wait for an answer just now. */
  waiting(): number
}

export function liveSeries(experiment: Experiment): LiveSeries {
  const measures = experiment.measures.filter(({ is }) => is.kind !== 'recovery-time').toSorted((a, b) => +isBounded(b) - +isBounded(a))
  const seconds: TrafficSecond[] = []
  const ticks: LiveTick[] = []
  const samples: Record<string, Sample[]> = {}
  const points = new Map<string, Map<number, number | null>>(measures.map(({ name }) => [name, new Map()]))
  const baselines = new Map<string, number | null>()
  let phase: PhaseWindow | null = null

  /** Newest second of each measure. */
  const newest = new Map<string, number>()
  const add = ({ name }: Measure, t: number, value: number | null): void => {
    points.get(name)?.set(t, value)
    newest.set(name, Math.max(t, newest.get(name) ?? t))
  }
  const enter = (next: Phase, at: number): void => {
    if (phase?.phase === 'baseline') {
      const before = { id: '', experiment, startedAt: '', phases: [{ ...phase, to: at }], traffic: seconds, samples, changes: [] }
      for (const measure of measures) baselines.set(measure.name, baselineValue(before, measure))
    }
    phase = { phase: next, from: at, to: Number.POSITIVE_INFINITY }
  }
  // While answers hang, no second of this phase is known yet: what has been seen to end is.
  const loadNow = (measure: Measure): number | null => ofLoad(measure, recent(seconds, phase)) ?? ofTicks(measure, ticks, phase)
  return {
    waiting: () => ticks.at(-1)?.inFlight ?? 0,
    see(news) {
      if (news.is === 'phase') enter(news.phase, news.at)
      else if (news.is === 'tick') {
        ticks.push(news.tick)
        if (ticks.length > recentSeconds) ticks.shift()
      } else if (news.is === 'second') {
        seconds.push(news.second)
        for (const measure of measures) if (measure.from === 'traffic') add(measure, news.second.t, ofLoad(measure, [news.second]))
      } else if (news.is === 'sample') {
        ;(samples[news.measure] ??= []).push(news.sample)
        const measure = measures.find(({ name }) => name === news.measure)
        if (measure) add(measure, Math.floor(news.sample.at / 1000), sampleValue(news.sample, measure))
      }
    },
    measures(at, most) {
      return measures.map((measure) => {
        const known = points.get(measure.name) ?? new Map<number, number | null>()
        const last = newest.get(measure.name) ?? -1
        const shown = Math.min(most, last + 1)
        const value = measure.from === 'traffic' ? loadNow(measure) : (known.get(last) ?? null)
        return {
          name: measure.name,
          points: Array.from({ length: shown }, (_, n) => known.get(last + 1 - shown + n) ?? null),
          now: valueWords(experiment, measure, value),
          bounds: phase ? boundsOf(measure, phase, at, value, baselines.get(measure.name) ?? null) : [],
        }
      })
    },
  }
}

function isBounded({ max, min }: Measure): boolean {
  return [max, min].some((cells) => Object.values(cells).some((bound) => bound?.limit.kind !== 'none'))
}

/** The newest seconds of this phase. A second is known when its last answer is, so that they do not come in order. */
function recent(seconds: readonly TrafficSecond[], phase: PhaseWindow | null): TrafficSecond[] {
  const newest = seconds.slice(-2 * recentSeconds).toSorted((a, b) => a.t - b.t)
  return newest.slice(-recentSeconds).filter(({ t }) => phase === null || t * 1000 >= phase.from)
}

/** By the time the end was seen, whenever the requests began. How long those take that still wait, nobody knows. */
function ofTicks({ is }: Measure, ticks: readonly LiveTick[], phase: PhaseWindow | null): number | null {
  const now = ticks.filter(({ from }) => phase === null || from >= phase.from)
  const sum = (pick: (tick: LiveTick) => number): number => now.reduce((total, tick) => total + pick(tick), 0)
  const [ended, lasted] = [sum((tick) => tick.ended), sum(({ at, from }) => at - from)]
  if (is.kind === 'share') return ended === 0 ? null : sum(({ error, timeout }) => error + timeout) / ended
  return is.kind === 'level' && lasted > 0 ? (1000 * sum(({ ok }) => ok)) / lasted : null
}

function ofLoad({ is }: Measure, seconds: readonly TrafficSecond[]): number | null {
  const known = seconds.filter((second) => trusted(second, is.kind === 'latency' ? 'times' : 'counts'))
  if (known.length === 0) return null
  const ok = known.reduce((sum, second) => sum + second.ok, 0)
  if (is.kind === 'level') return ok / known.length
  if (is.kind === 'share') {
    const ended = known.reduce((sum, second) => sum + second.ok + second.error + second.timeout, 0)
    return ended === 0 ? null : 1 - ok / ended
  }
  const latencies = known.flatMap((second) => second.latencies)
  return is.kind === 'latency' && latencies.length > 0 ? quantile(Float64Array.from(latencies).sort(), is.quantile) : null
}

/** At the timeout the real time is not known, only that it was longer. */
function valueWords({ traffic }: Experiment, { from, is, unit }: Measure, value: number | null): string {
  if (value === null) return '–'
  const cut = from === 'traffic' && is.kind === 'latency' && traffic !== undefined && value >= traffic.timeout
  return `${cut ? '≥ ' : ''}${quantity(value, unit)}`
}

function boundsOf(measure: Measure, { phase, from }: PhaseWindow, at: number, value: number | null, baseline: number | null): LiveBound[] {
  if (phase === 'warmup' || phase === 'rollback') return []
  return (['max', 'min'] as const).flatMap((direction) => {
    const bound = measure[direction][phase satisfies JudgedPhase]
    if (!bound || bound.limit.kind === 'none') return []
    const limit = limitOf(bound, direction, baseline)
    const counts = at - from >= (bound.after ?? 0) && value !== null && limit !== null
    const isWithin = counts ? (direction === 'max' ? value <= limit : value >= limit) : null
    return [{ text: `${direction} ${bound.text}`, direction, limit, isWithin }]
  })
}

function limitOf({ limit }: Bound, direction: 'max' | 'min', baseline: number | null): number | null {
  if (limit.kind === 'absolute') return limit.value
  return baseline === null ? null : allowedBy(limit, baseline, direction)
}
