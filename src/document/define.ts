/** `export default experiment({ … })`: types for documents in TypeScript. Quantities carry their unit, so `delay: 500` does not compile. */
import type { Environment, Place, Unit } from './experiment.ts'

export type DurationText = `${number}${'ms' | 's' | 'm' | 'h'}`
export type ShareText = `${number}%`
export type RateText = `${number}${'/s' | '/m' | '/h'}`
export type SizeText = `${number}${'B' | 'kB' | 'MB' | 'GB' | 'KiB' | 'MiB' | 'GiB'}`
export type BandwidthText = `${number}${'bit' | 'kbit' | 'mbit' | 'gbit'}`
export type VariableText = `\${${string}}`
type Duration = DurationText | VariableText
type Rate = RateText | VariableText

type QuantityText = DurationText | ShareText | RateText | SizeText | BandwidthText | `${number}`
export type LimitText = QuantityText | `${number}x` | `${'+' | '-'}${QuantityText | `${number}pp`}` | 'none' | VariableText
export type BoundText = number | LimitText | `${LimitText} after ${DurationText}`
export type AbortText = number | LimitText | `${LimitText} for ${DurationText}`

export type BoundsInput = BoundText | { baseline?: BoundText; fault?: BoundText; recovery?: BoundText; abort?: AbortText }
export type MeasureInput = 'none' | { from?: string; query?: string; unit?: Unit | 's' | '%'; max?: BoundsInput; min?: BoundsInput }

interface RequestInput {
  method?: string
  headers?: Record<string, string>
  body?: unknown
}

export interface TrafficInput extends RequestInput {
  rate: Rate
  url?: string
  requests?: (RequestInput & { name?: string; url: string; weight?: number })[]
  timeout?: Duration
  ok?: { status?: (number | '1xx' | '2xx' | '3xx' | '4xx' | '5xx')[]; body?: string }
  ids?: string
}

export interface QueryInput {
  name?: string
  labels?: Record<string, string>
  command?: string
  port?: number
  namespace?: string
}

export type TargetInput = { [P in Place]?: string | QueryInput } & {
  pick?: number | ShareText | 'all'
  to?: unknown
  match?: unknown
  interface?: string
}

interface FaultTiming {
  name?: string
  after?: Duration
  for?: Duration
  every?: Duration
}

/** A parameter that may move: from one value to another over `ramp`. */
type Ranged<T extends string> = T | `${T}..${T}` | VariableText

interface TargetedFault extends FaultTiming {
  target: TargetInput
}

/** The built-in faults, and own modules by their path. */
export type FaultInput =
  | (TargetedFault & { type: 'pause' })
  | (TargetedFault & { type: 'kill'; signal?: string; restart?: string[]; grace?: Duration; env?: string[] })
  | (TargetedFault & { type: 'cpu'; load: Ranged<ShareText>; ramp?: Duration; cores?: number })
  | (FaultTiming & {
      type: 'command'
      inject: string[]
      rollback: string[]
      check: string[]
      cwd?: string
      env?: string[]
      timeout?: Duration
      expires?: Duration
    })
  | (FaultTiming & { type: `./${string}` | `../${string}`; with?: Record<string, unknown>; ramp?: Duration })

export interface ExperimentInput {
  name: string
  hypothesis: string
  environment: Environment
  service?: string
  owner?: string
  tags?: string[]
  vars?: Record<string, string | number | boolean>
  traffic?: TrafficInput
  sources?: Record<string, { type: string; [key: string]: unknown }>
  measures?: Record<string, MeasureInput>
  phases?: { warmup?: Duration; baseline?: Duration; fault?: Duration; recovery?: Duration }
  faults: FaultInput[]
}

/** Gives the document back unchanged: it is there for the types. The document is checked when it is loaded. */
export function experiment(document: ExperimentInput): ExperimentInput {
  return document
}
