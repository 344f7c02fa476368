/** `export default experiment({ … })`: types for documents in TypeScript. Quantities carry their unit, so `delay: 500` does not compile. */
import type { HttpMatchText, HttpParameters } from './define-http.ts'
import type { SourceInput } from './define-sources.ts'
import type {
  AnyBounds,
  BandwidthText,
  Dial,
  DurationBounds,
  DurationText,
  Quantity,
  RateBounds,
  RateText,
  ShareBounds,
  ShareText,
  SizeText,
  VariableText,
} from './define-texts.ts'
import type { Environment, Place, Unit } from './experiment.ts'

type Duration = Quantity<DurationText>
/** Host and port, or the path of a Unix socket. */
type AddressText = `${string}:${number}` | `/${string}`

interface RequestInput {
  method?: string
  headers?: Record<string, string>
  body?: unknown
}

interface SharedTraffic {
  rate: Quantity<RateText>
  timeout?: Duration
  ok?: { status?: (number | '1xx' | '2xx' | '3xx' | '4xx' | '5xx')[]; body?: string }
  ids?: string
}

/** One kind of request, or several. */
export type TrafficInput =
  | (SharedTraffic & RequestInput & { url: string; requests?: never })
  | (SharedTraffic & { requests: (RequestInput & { name?: string; url: string; weight?: number | VariableText })[]; url?: never })

export type ProxyInput =
  | { listen: AddressText | VariableText; upstream: AddressText | `http://${string}` | VariableText }
  | { toxiproxy: `http${'' | 's'}://${string}` | VariableText; name: string }

interface MeasureOf<Bounds> {
  from?: string
  query?: string
  unit?: Unit | 's' | '%'
  max?: Bounds
  min?: Bounds
}

/** A measure by its name: what is known by name has the bounds of its unit. */
export interface MeasuresInput {
  [latency: `latency_p${number}`]: 'none' | MeasureOf<DurationBounds>
  error_rate?: 'none' | MeasureOf<ShareBounds>
  throughput?: 'none' | MeasureOf<RateBounds>
  recovery_time?: 'none' | { max?: Duration | 'none' }
  [name: string]: 'none' | MeasureOf<AnyBounds> | undefined
}

interface QueryInput {
  name?: string
  labels?: Record<string, string>
  command?: string
  port?: number | VariableText
}

interface Found {
  process: string | QueryInput
  host: 'local'
  proxy: string
  container: string | { name?: string; id?: string; service?: string; labels?: Record<string, string> }
  database: string
  url: string
}

/** One place, what is meant there, and how many of it. */
export type TargetAt<P extends Place & keyof Found> = {
  [One in P]: { [Key in One]: Found[Key] } & { [Other in Exclude<Place, One>]?: never } & { pick?: number | Quantity<ShareText> | 'all' }
}[P]

/** Which packets of a host: where they go, by which interface, in which network namespace. */
interface PacketNarrowing {
  to?: string
  interface?: string
  netns?: string
}

type AtPackets =
  | (TargetAt<'host'> & PacketNarrowing)
  | (TargetAt<'container'> & { to?: string | { container: string; port?: number }; interface?: string })

interface FaultTiming {
  name?: string
  after?: Duration
  for?: Duration
  every?: Duration
}

type AtDatabase = TargetAt<'database'> & { role?: 'primary' | 'replica' }

/** How a server of a database comes back. */
interface DatabaseReturn {
  rejoin?: 'rewind' | 'reclone' | 'manual'
  restart?: string[]
}

/** The built-in faults by their type: what stands beside `type` and the timing; one alternative for each place where the parameters differ. */
export interface FaultParameters {
  pause: { target: TargetAt<'process' | 'container'> | AtDatabase }
  kill:
    | {
        target: TargetAt<'process'>
        signal?: 'KILL' | 'TERM' | 'INT' | 'HUP' | 'QUIT' | 'ABRT' | 'SEGV'
        restart?: string[]
        grace?: Duration
        env?: string[]
      }
    | { target: TargetAt<'container'>; signal?: 'KILL' | 'TERM' | 'INT' | 'HUP' | 'QUIT' | 'ABRT' }
    | (DatabaseReturn & { target: AtDatabase })
  stop: { target: TargetAt<'container'>; grace?: Duration } | (DatabaseReturn & { target: AtDatabase; mode?: 'fast' | 'immediate' })
  restart: { target: TargetAt<'container'>; grace?: Duration }
  connections: {
    target: AtDatabase
    how: 'kill' | 'exhaust'
    user?: string
    database?: string
    interval?: Duration
    leave?: number | VariableText
  }
  lock: {
    target: AtDatabase
    table: string
    mode?: 'access exclusive' | 'exclusive' | 'share row exclusive' | 'share' | 'share update exclusive'
  }
  readonly: { target: AtDatabase }
  slow: { target: AtDatabase; delay: Duration; gap?: Duration }
  disconnect: { target: TargetAt<'container'>; network?: string }
  limits: {
    target: TargetAt<'container'>
    cpus?: number | VariableText
    memory?: Quantity<SizeText>
    pids?: number | VariableText
  }
  network:
    | {
        target: TargetAt<'proxy'>
        delay?: Dial<DurationText>
        jitter?: Duration
        distribution?: 'uniform' | 'normal'
        bandwidth?: Dial<BandwidthText>
        cut?: Quantity<SizeText>
        cut_by?: 'reset' | 'close'
        slice?: Quantity<SizeText>
        slice_pause?: Duration
        preset?: 'slow'
        loss?: never
        direction?: 'out' | 'in' | 'both'
        share?: Quantity<ShareText>
        ramp?: Duration
      }
    | {
        target: AtPackets
        delay?: Dial<DurationText>
        jitter?: Duration
        distribution?: 'uniform' | 'normal' | 'pareto'
        correlation?: Quantity<ShareText>
        loss?: Dial<ShareText>
        duplicate?: Quantity<ShareText>
        corrupt?: Quantity<ShareText>
        reorder?: Quantity<ShareText>
        bandwidth?: Dial<BandwidthText>
        preset?: 'slow' | 'lossy' | 'flaky'
        direction?: 'out' | 'in' | 'both'
        ramp?: Duration
      }
  partition:
    | { target: TargetAt<'proxy'>; how?: 'drop' | 'reset' | 'refuse' | 'hang' | 'stall' | 'close' }
    | { target: AtPackets; how?: 'drop' | 'reset' | 'refuse'; direction?: 'out' | 'in' | 'both' }
  http: HttpParameters & { target: TargetAt<'proxy'> & { match?: HttpMatchText } }
  cpu: { target: TargetAt<'host' | 'container'>; load: Dial<ShareText>; ramp?: Duration; cores?: number | VariableText }
  dns: {
    target: TargetAt<'container'> | (TargetAt<'host'> & { netns?: string })
    names?: string[]
    answer?: string
    fail?: 'nxdomain' | 'servfail' | 'refused' | 'drop'
    delay?: Duration
    servers?: string[]
  }
  memory: { target: TargetAt<'host' | 'container'>; size: Quantity<SizeText | ShareText> }
  io: { target: TargetAt<'host' | 'container'>; path: string; workers?: number | VariableText; size?: Quantity<SizeText> }
  descriptors: { target: TargetAt<'process'>; leave?: number | VariableText }
  disk: { target: TargetAt<'host' | 'container'>; path: string } & (
    | { leave: Quantity<SizeText | ShareText>; fill?: never }
    | { fill: Quantity<SizeText>; leave?: never }
  )
  load: {
    target: TargetAt<'url'>
    rate: Dial<RateText>
    ramp?: Duration
    method?: string
    headers?: Record<string, string>
    body?: string
    timeout?: Duration
    most?: number | VariableText
  }
  command: {
    inject: string[]
    rollback: string[]
    check: string[]
    cwd?: string
    env?: string[]
    secrets?: string[]
    timeout?: Duration
    expires?: string
  }
}

interface OwnFault extends FaultTiming {
  type: `./${string}` | `../${string}`
  with?: Record<string, unknown>
  ramp?: Duration
}

export type FaultInput =
  | { [Type in keyof FaultParameters]: FaultTiming & { type: Type } & FaultParameters[Type] }[keyof FaultParameters]
  | OwnFault

export interface ExperimentInput {
  name: string
  hypothesis: string
  environment: Environment
  service?: string
  owner?: string
  tags?: string[]
  vars?: Record<string, string | number | boolean>
  traffic?: TrafficInput
  proxies?: Record<string, ProxyInput>
  sources?: Record<string, SourceInput>
  measures?: MeasuresInput
  phases?: { warmup?: Duration; baseline?: Duration; fault?: Duration; recovery?: Duration }
  faults: FaultInput[]
}

/** Gives the document back unchanged: it is there for the types. The document is checked when it is loaded. */
export function experiment(document: ExperimentInput): ExperimentInput {
  return document
}
