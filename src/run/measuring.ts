/** Everything that is measured during a run: the load, the sources, the record of both, and the guard that looks at them each second. */
import type { Experiment } from '../document/experiment.ts'
import type { Source } from '../measures/source.ts'
import { startTraffic, type TrafficHandle } from '../measures/traffic/start.ts'
import type { LiveTick } from '../records/live-tick.ts'
import type { Abort, RunData, Sample, TrafficSecond } from '../records/run-data.ts'
import type { RunWriter } from '../records/run-file.ts'
import { sharedMonotonicMs, sleep } from '../system/clock.ts'
import type { Secrets } from '../system/secrets.ts'
import { version } from '../system/version.ts'
import type { Guard } from '../verdict/guard.ts'
import type { TellNews } from './events.ts'
import { pacesOf } from './pace.ts'
import { startPolling } from './polling.ts'
import type { Stopper } from './stopper.ts'

// biome-ignore lint/suspicious/noExplicitAny: sources of different configurations in one list.
export type AnySource = Source<any>

export interface MeasuringOptions {
  experiment: Experiment
  runId: string
  /** Of the document. */
  folder: string
  sources: readonly AnySource[]
  secrets: Secrets
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
  /**
   * Waits until every request planned before `until` has ended, no longer than the traffic's timeout, and until the sources have given all
   * they have of that time; less when the run is stopped.
   */
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
  const acknowledged: string[] = []
  let latest: Record<string, Sample> = {}
  function onTick(tick: LiveTick): void {
    tell({ is: 'tick', tick })
    act(guard.tick(tick, latest, guarding))
    latest = {}
  }
  async function startLoad(): Promise<TrafficHandle | null> {
    if (!experiment.traffic) return null
    return startTraffic(experiment.traffic, {
      startedAt: sharedMonotonicMs() - at(),
      runId: options.runId,
      version,
      latencyLimits: guard.latencyLimits(),
      secret: options.secrets.read,
      onSecond(second) {
        seconds.push(second)
        writer.second(second)
        tell({ is: 'second', second })
      },
      onTick,
      onAcknowledged: (ids) => void acknowledged.push(...ids),
      onError(error) {
        options.note('error', `the load stopped: ${error.message}`)
        broken()
      },
    })
  }

  // The guardian must not take the check of a slow source for our death.
  options.beat()
  const waiting = setInterval(options.beat, 1000)
  const poll = await startPolling(options, {
    ...(experiment.traffic?.ids !== undefined && { acknowledged: () => acknowledged }),
    onSample(measure, sample) {
      ;(samples[measure] ??= []).push(sample)
      latest[measure] = sample
      writer.sample(measure, sample)
      tell({ is: 'sample', measure, sample })
    },
    onComplete(measure, until, complete) {
      samples[measure] = [...complete, ...(samples[measure] ?? []).filter((sample) => sample.at >= until)]
      writer.samples(measure, samples[measure])
    },
  }).finally(() => clearInterval(waiting))
  guard.sourcePaces(pacesOf(poll))
  const traffic = await startLoad().catch(async (error) => {
    await poll?.stop()
    throw error
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
      if (poll) await stopper.orLeave(poll.complete(until))
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
