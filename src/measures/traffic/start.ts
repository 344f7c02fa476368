/** The load, as the run sees it: started, told its latency limits, stopped or abandoned. It lives in a thread of its own. */
import { Worker } from 'node:worker_threads'
import type { Traffic } from '../../document/experiment.ts'
import { SquallError } from '../../errors.ts'
import type { LiveTick } from '../../records/live-tick.ts'
import type { TrafficSecond } from '../../records/run-data.ts'
import { within } from '../../system/clock.ts'
import { entryPath } from '../../system/entry.ts'
import { masked, maskedCounts } from '../../system/masking.ts'
import { openSecrets } from '../../system/secrets.ts'
import { version } from '../../system/version.ts'
import { seedOf } from './pace.ts'
import type { FromWorker, ToWorker, TrafficJob } from './protocol.ts'
import { withSecrets } from './request-secrets.ts'

export interface TrafficOptions {
  /** The run’s start by `sharedMonotonicMs`. */
  startedAt: number
  /** Sent with each request as `x-squall-run`. */
  runId: string
  /** For `user-agent: squall/<version>`; default Squall's own. */
  version?: string
  /** Decides the sequence of a weighted mix; default: made from the run's id. */
  seed?: number
  /** ms; limits that ticks count from the start on. */
  latencyLimits?: readonly number[]
  /** Open requests at most, 10,000 by default; above that a request is not sent. */
  maxOpen?: number
  /** For `${secret:NAME}`; default: environment variables. */
  secret?(name: string): Promise<string>
  /** A second whose requests have all ended (or, after `abandon`, been cut off). A hung request makes its second late: not in order. */
  onSecond(second: TrafficSecond): void
  onTick(tick: LiveTick): void
  /** Once a second: the ids, by the traffic's `ids`, that good answers have acknowledged since. */
  onAcknowledged?(ids: readonly string[]): void
  /** The worker has failed: no more seconds or ticks will come. */
  onError(error: SquallError): void
}

export interface TrafficHandle {
  /** Replaces the watched limits; a new one counts requests planned from now on. */
  setLatencyLimits(limits: readonly number[]): void
  /** Plans nothing more and waits until every request has ended: at most the timeout and 2 s. All seconds have been handed over then. */
  stop(): Promise<void>
  /** Ends everything now; seconds with open requests are handed over as they are. At most 1 s. */
  abandon(): Promise<void>
  /** Requests in flight at this moment. */
  open(): number
}

/**
 * Starts an open-loop load: request i is meant to start at first + i/rate, and its latency counts from there.
 * Resolves when the first request is planned.
 * @throws SquallError `secret-missing`, or `traffic-failed` when the worker cannot start (a URL or pattern it cannot use, no thread to be had).
 */
export async function startTraffic(traffic: Traffic, options: TrafficOptions): Promise<TrafficHandle> {
  const open = new SharedArrayBuffer(4)
  const secret = options.secret ?? openSecrets().read
  const job: TrafficJob = {
    traffic: { ...traffic, requests: await Promise.all(traffic.requests.map((one) => withSecrets(one, secret))) },
    runStart: options.startedAt,
    runId: options.runId,
    version: options.version ?? version,
    seed: options.seed ?? seedOf(options.runId),
    latencyLimits: [...(options.latencyLimits ?? [])],
    maxOpen: options.maxOpen ?? 10_000,
    open,
  }
  const worker = new Worker(entryPath('traffic-worker'), { workerData: job })
  const say = (message: ToWorker): void => worker.postMessage(message)
  const started = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  let failure: SquallError | undefined
  let over = false

  const failed = (cause: Error): void => {
    if (over) return
    over = true
    failure = new SquallError('traffic-failed', masked(`The load generator has failed: ${cause.message}.`), { cause })
    started.reject(failure)
    ended.resolve()
    if (running) options.onError(failure)
  }
  let running = false
  worker.on('error', failed)
  worker.on('exit', (code) => failed(new Error(`its thread ended with ${code}`)))
  worker.on('message', (message: FromWorker) => {
    if (message.is === 'second') options.onSecond({ ...message.second, reasons: maskedCounts(message.second.reasons) })
    else if (message.is === 'tick') options.onTick(message.tick)
    else if (message.is === 'acknowledged') options.onAcknowledged?.(message.ids)
    else if (message.is === 'started') started.resolve()
    else {
      over = true
      ended.resolve()
    }
  })

  async function end(what: 'stop' | 'abandon', patience: number): Promise<void> {
    if (!over) {
      say({ do: what })
      await within(ended.promise, patience, () => new Error(`it did not end within ${patience} ms`)).catch(failed)
    }
    await worker.terminate()
  }

  try {
    await within(started.promise, 15_000, () => new Error('its thread did not start within 15 s'))
  } catch (error) {
    failed(error as Error)
    await worker.terminate()
    throw failure ?? error
  }
  running = true
  return {
    setLatencyLimits: (limits) => say({ do: 'limits', limits: [...limits] }),
    stop: () => end('stop', traffic.timeout + 2000),
    abandon: () => end('abandon', 1000),
    open: () => Atomics.load(new Int32Array(open), 0),
  }
}
