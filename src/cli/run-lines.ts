/** A run in plain lines: time, phase, measures against their bounds, faults, how to stop. */
import type { Experiment, Measure, Phase } from '../document/experiment.ts'
import { againWords } from '../document/fault-times.ts'
import { doseWords } from '../faults/ramp.ts'
import { picksBySeed } from '../faults/resolve.ts'
import type { ChangeRecord, TrafficSecond } from '../records/run-data.ts'
import type { RunNews } from '../run/events.ts'
import { proxyLines } from './proxy-lines.ts'

/** Seconds of traffic between two lines of measures. */
const every = 5

export interface RunLines {
  /** The lines a piece of news is worth; often none. */
  of(news: RunNews): string[]
}

export function runLines(): RunLines {
  let experiment: Experiment | null = null
  let phase: Phase | null = null
  let phaseAt = 0
  let window: TrafficSecond[] = []
  const states = new Map<string, string>()
  const dosesAt = new Map<string, number>()

  const change = (record: Readonly<ChangeRecord>, at: number): string[] => {
    const key = `${record.fault} ${record.target}`
    const line = (words: string): string[] => [`${stamp(at)}  ${record.fault} at ${record.target}: ${words}`]
    const words = changeWords(record)
    if (words && states.get(key) !== words) {
      states.set(key, words)
      dosesAt.set(key, at)
      return line(words)
    }
    const dose = dosesOf(record)
    if (!dose || at - (dosesAt.get(key) ?? 0) < every * 1000) return []
    dosesAt.set(key, at)
    return line(dose)
  }
  return {
    of(news) {
      if (news.is === 'started') {
        experiment = news.experiment
        return [
          `run ${news.id}  ${news.experiment.name}`,
          ...proxyLines(news.experiment.proxies).map((line) => `  ${line}`),
          ...(news.placebo
            ? [
                '  PLACEBO: nothing is injected; what the judge finds now is a false alarm',
                ...news.changes.map((one) => `  would ${one.does}`),
              ]
            : news.changes.map(
                (one) => `  will ${one.does}${repeats(news.experiment, one.fault)}; then ${one.undoes || 'nothing: over once done'}`,
              )),
          ...(picksBySeed(news.experiment.faults) ? [`  seed ${news.seed}: --seed ${news.seed} picks the same targets again`] : []),
          ...(news.placebo ? [] : [`  ${news.weakest}`]),
          '  Ctrl-C stops the run and rolls back; squall halt stops all runs',
        ]
      }
      if (news.is === 'phase') {
        window = []
        phase = news.phase
        phaseAt = news.at
        return [`${stamp(news.at)}  ${phaseWord(news.phase)}${news.planned > 0 ? `, ${news.planned / 1000} s` : ''}`]
      }
      // A second is known only when its last answer is: the first that come belong to the phase before.
      if (news.is === 'second' && experiment && phase && news.second.t * 1000 >= phaseAt) {
        window.push(news.second)
        if (window.length < every) return []
        const line = `${stamp((news.second.t + 1) * 1000)}    ${measureWords(experiment, phase, window)}`
        window = []
        return [line]
      }
      if (news.is === 'change') return change(news.change, news.at)
      if (news.is === 'abort')
        return [`${stamp(news.abort.at)}  stopping: ${news.abort.why}${phase === 'recovery' ? '' : '; rolling back'}`]
      if (news.is === 'note') return [`${stamp(news.at)}  ${news.level === 'info' ? '' : `${news.level}: `}${news.text}`]
      return []
    },
  }
}

function repeats({ faults, phases }: Experiment, name: string): string {
  const fault = faults.find((one) => one.name === name)
  return fault ? againWords(fault, phases.fault) : ''
}

export function phaseWord(phase: Phase): string {
  return phase === 'warmup' ? 'warm-up' : phase
}

/** `1:05`: minutes and seconds since the run's start. */
export function stamp(at: number): string {
  const seconds = Math.max(0, Math.floor(at / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`.padStart(6)
}

/** What the dials of a fault that moves show just now: `load 48% of 50% asked`. */
export function dosesOf({ state, ramp, looks }: Readonly<ChangeRecord>): string | null {
  const look = looks.at(-1)
  return state === 'active' && ramp && look?.asked ? doseWords(ramp, look.asked, look.dose) : null
}

/** What a change is doing now, in words, or null for states not worth a line. */
export function changeWords(record: Readonly<ChangeRecord>): string | null {
  const evidence = record.looks.at(-1)?.seen
  if (record.state === 'active') {
    const first = record.looks.find((look) => look.active === true && look.at >= (record.activeAt ?? 0))
    return record.lost ? `lost: ${record.lost}` : first ? `active (${first.seen})` : null
  }
  if (record.state === 'undoing') return record.inactiveAt === undefined ? 'rolling back' : `rolled back (${evidence}), looking again`
  if (record.state === 'verified') return 'rolled back, verified by looking twice'
  if (record.state === 'planned' || record.state === 'injecting') return record.state === 'injecting' ? 'injecting' : null
  return record.error ? `${record.state}: ${record.error}` : record.state
}

/** `p99 23 ms (allowed 300ms)  errors 0.4 %  goodput 49.8/s` over some seconds of traffic. */
export function measureWords(experiment: Experiment, phase: Phase, seconds: readonly TrafficSecond[]): string {
  const planned = sum(seconds, (second) => second.planned)
  const rate = experiment.traffic?.rate ?? planned / seconds.length
  if (planned === 0) return 'no traffic'
  const ended = sum(seconds, (second) => second.ok + second.error + second.timeout)
  const latencies = seconds.flatMap((second) => second.latencies).sort((a, b) => a - b)
  const bad = sum(seconds, (second) => second.error + second.timeout)
  const bound = (name: string): string =>
    boundWords(
      experiment.measures.find((measure) => measure.name === name),
      phase,
    )
  const parts = [
    `p50 ${ms(quantile(latencies, 0.5))}`,
    `p99 ${ms(quantile(latencies, 0.99))}${bound('latency_p99')}`,
    ended === 0 ? 'errors unknown' : `errors ${((100 * bad) / ended).toFixed(1)} %${bound('error_rate')}`,
    // By the requests that were planned, not by seconds: the first and the last second of a load are not whole.
    `good answers ${((sum(seconds, (second) => second.ok) * rate) / planned).toFixed(1)}/s${bound('throughput')}`,
  ]
  const notSent = sum(seconds, (second) => second.notSent)
  if (notSent > 0) parts.push(`not sent ${notSent}`)
  if (seconds.some((second) => second.suspect)) parts.push('(Squall itself was late: not trusted)')
  return parts.join('  ')
}

function boundWords(measure: Measure | undefined, phase: Phase): string {
  if (!measure || phase === 'warmup' || phase === 'rollback') return ''
  const texts = [measure.max[phase], measure.min[phase]].flatMap((bound) => (bound && bound.limit.kind !== 'none' ? [bound.text] : []))
  return texts.length > 0 ? ` (allowed ${texts.join(', ')})` : ''
}

/** Nearest rank; null without data. */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted.length === 0 ? null : (sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] as number)
}

export function ms(value: number | null): string {
  if (value === null) return 'unknown'
  return value >= 100 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
