/** Everything that is measured during a run: the load, the sources, the record of both, and the guard that looks at them each second. */
import type { Experiment } from '../document/experiment.ts'
import { SquallError } from '../errors.ts'
import { pollSources, type SourcePoll } from '../measures/poll.ts'
import type { Source } from '../measures/source.ts'
import { startTraffic, type TrafficHandle } from '../measures/traffic/start.ts'
import type { LiveTick } from '../records/live-tick.ts'
import type { Abort, RunData, Sample, TrafficSecond } from '../records/run-data.ts'
import type { RunWriter } from '../records/run-file.ts'
import { sharedMonotonicMs, sleep } from '../system/clock.ts'
import { version } from '../system/version.ts'
import type { Guard } from '../verdict/guard.ts'
import type { TellNews } from './events.ts'
import type { Stopper } from './stopper.ts'

// biome-ignore lint/suspicious/noExplicitAny: sources of different configurations in one list.
export type AnySource = Source<any>

export interface MeasuringOptions {
  experiment: Experiment
  runId: string
  sources: readonly AnySource[]
  guard: Guard
  /** ms since the run's start. */
  at(): number
  writer: RunWriter
  tell: TellNews
  /** The guardian's heartbeat: called by the guard's own tick. */
  beat(): void
  stop(abort: Abort): void
  note(level: 'info' | 'warn' | 'error', text: string): void
}

export interface Measuring {
  seconds(): TrafficSecond[]
  samples(): Record<string, Sample[]>
  /** Waits until every request planned before `until` has ended, no longer than the traffic's timeout; less when the run is stopped. */
  settled(until: number, stopper: Stopper): Promise<void>
  /** From here on the `abort` cells count; relative ones against this baseline. */
  guardFrom(data: RunData): void
  guardUntil(): void
  /** Resolves when measuring has broken down. */
  readonly gone: Promise<void>
  /** `now`: without waiting for what is under way. */
  stop(now: boolean): Promise<void>
}

export async function startMeasuring(options: MeasuringOptions): Promise<Measuring> {
  const { experiment, guard, at, writer, tell } = options
  const seconds: TrafficSecond[] = []
  const samples: Record<string, Sample[]> = {}
  let guarding = false
  let broken = (): void => {}
  const gone = new Promise<void>((resolve) => {
    broken = resolve
  })

  function act(found: ReturnType<Guard['tick']>): void {
    if (!found) return
    const { by, why, breached, measure } = found
    options.stop({ by, why, breached, at: at(), ...(measure ? { measure } : {}) })
  }
  let latest: Record<string, Sample> = {}
  function onTick(tick: LiveTick): void {
    tell({ is: 'tick', tick })
    act(guard.tick(tick, latest, guarding))
    latest = {}
  }

  let traffic: TrafficHandle | null = null
  if (experiment.traffic) {
    traffic = await startTraffic(experiment.traffic, {
      startedAt: sharedMonotonicMs() - at(),
      runId: options.runId,
      version,
      latencyLimits: guard.latencyLimits(),
      onSecond(second) {
        seconds.push(second)
        writer.second(second)
        tell({ is: 'second', second })
      },
      onTick,
      onError(error) {
        options.note('error', `the load stopped: ${error.message}`)
        broken()
      },
    })
  }
  const poll: SourcePoll | null = await startPolling(options, (measure, sample) => {
    ;(samples[measure] ??= []).push(sample)
    latest[measure] = sample
    writer.sample(measure, sample)
    tell({ is: 'sample', measure, sample })
  })
  // The guard's own clock: it beats for the guardian, and it notices that nothing arrives at all.
  const clock = setInterval(() => {
    options.beat()
    act(traffic ? guard.tick(null, {}, guarding, at()) : guard.tick(null, latest, guarding, at()))
    if (!traffic) latest = {}
  }, 1000)
  options.beat()

  return {
    seconds: () => [...seconds].sort((a, b) => a.t - b.t),
    samples: () => samples,
    async settled(until, stopper) {
      const limit = at() + (experiment.traffic?.timeout ?? 0) + 1500
      // A hung request makes its second late, so the seconds do not come in order: all up to here must be in.
      const wanted = Math.floor(until / 1000)
      const missing = (): boolean => seconds.filter((second) => second.t < wanted).length < wanted
      while (traffic && !stopper.abort && at() < limit && missing()) await stopper.orStop(sleep(50))
    },
    guardFrom(data) {
      guard.baseline(data)
      traffic?.setLatencyLimits(guard.latencyLimits())
      guarding = true
    },
    guardUntil() {
      guarding = false
    },
    gone,
    async stop(now) {
      clearInterval(clock)
      await poll?.stop()
      if (now) await traffic?.abandon()
      else await traffic?.stop()
    },
  }
}

/** @throws SquallError `source-not-readable` with every problem of every source, before anything is started */
async function startPolling(options: MeasuringOptions, onSample: (measure: string, sample: Sample) => void): Promise<SourcePoll | null> {
  const { experiment, at } = options
  const wanted = experiment.measures.filter((measure) => experiment.sources.some((source) => source.name === measure.from))
  if (wanted.length === 0) return null
  const byName = new Map(
    experiment.sources.map((spec) => {
      const source = options.sources.find((candidate) => candidate.type === spec.type)
      if (!source) throw new SquallError('internal', `no source of type ${spec.type}`)
      return [spec.name, { source, config: spec.config }] as const
    }),
  )
  return pollSources({
    measures: wanted.map((measure) => ({
      name: measure.name,
      query: measure.query,
      ...(byName.get(measure.from) as { source: AnySource; config: unknown }),
    })),
    at,
    onSample,
  })
}
