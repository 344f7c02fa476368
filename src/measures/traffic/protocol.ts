/** What the main thread and the traffic worker say to each other. */
import type { Traffic } from '../../document/experiment.ts'
import type { LiveTick } from '../../records/live-tick.ts'
import type { TrafficSecond } from '../../records/run-data.ts'

export interface TrafficJob {
  traffic: Traffic
  /** The run’s start by `sharedMonotonicMs`. */
  runStart: number
  runId: string
  version: string
  seed: number
  latencyLimits: number[]
  /** Open requests at most; above that a request is not sent. */
  maxOpen: number
  /** One Int32: requests open now. */
  open: SharedArrayBuffer
}

export type ToWorker = { do: 'limits'; limits: number[] } | { do: 'stop' } | { do: 'abandon' }

export type FromWorker =
  | { is: 'started' }
  | { is: 'second'; second: TrafficSecond }
  | { is: 'tick'; tick: LiveTick }
  | { is: 'acknowledged'; ids: string[] }
  | { is: 'stopped' }
