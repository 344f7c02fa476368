/**
 * The experiment after reading: variables filled in, defaults applied, every quantity in its base unit.
 * Base units: time in milliseconds, shares 0…1, rates per second, sizes in bytes, bandwidth in bit/s, counts as they are.
 */
export type Environment = 'test' | 'staging' | 'production'
export type Unit = 'ms' | 'share' | '/s' | 'bytes' | 'bit/s' | 'count'

/** The phases that are judged. `warmup` and `rollback` are recorded, never judged. */
export type JudgedPhase = 'baseline' | 'fault' | 'recovery'
export type Phase = 'warmup' | JudgedPhase | 'rollback'

/** What a bound allows: a value, a multiple of baseline, baseline plus (negative: minus) something, or anything. */
export type Limit =
  | { kind: 'absolute'; value: number }
  | { kind: 'times'; factor: number; floor: number }
  | { kind: 'plus'; value: number }
  | { kind: 'none' }

/** One cell of the table measure × phase. `text` is what the author wrote (or the default), for sentences. */
export interface Bound {
  limit: Limit
  /** Must hold from this many ms after the phase began. */
  after?: number
  text: string
}

/** A cell of the `abort` column. With `for`: that many ms of bad ticks in a row; without: the e-CUSUM test. */
export interface AbortBound {
  limit: Limit
  for?: number
  text: string
}

export interface Cells {
  baseline?: Bound
  fault?: Bound
  recovery?: Bound
  abort?: AbortBound
}

/**
 * How a measure is judged. `latency`: a quantile of request times. `share`: bad events of all events.
 * `level`: a gauge or a rate, sampled. `recovery-time`: ms from the first inactive look until the measures hold again.
 */
export type MeasureKind = { kind: 'latency'; quantile: number } | { kind: 'share' } | { kind: 'level' } | { kind: 'recovery-time' }

export interface Measure {
  name: string
  is: MeasureKind
  unit: Unit
  /** `traffic` or the name of a source. */
  from: string
  /** What to ask the source for; for an endpoint the field path. */
  query: string
  /** What one of the source's numbers is in `unit`, when the document says in which unit the source counts: 1000 for `unit: s`. */
  factor?: number
  /** 0…1: the quantile to take where a source gives buckets. */
  quantile?: number
  max: Cells
  min: Cells
}

export interface TrafficRequest {
  name: string
  url: string
  method: string
  headers: Record<string, string>
  /** Already serialised; null sends no body. */
  body: string | null
  weight: number
}

export interface Traffic {
  /** Planned requests per second. */
  rate: number
  requests: TrafficRequest[]
  /** ms after the intended start when a request counts as timed out. */
  timeout: number
  /** An answer is good when its status matches one of these and the body matches `body`. `2xx` style classes or numbers. */
  ok: { status: (number | '1xx' | '2xx' | '3xx' | '4xx' | '5xx')[]; body?: string }
  /** Path of the acknowledged id in the answer. */
  ids?: string
}

export type Place = 'process' | 'proxy' | 'container' | 'host' | 'database' | 'pod' | 'node' | 'app' | 'url'

/** Which targets: by labels, name, command line, port, … All given parts must match. */
export interface TargetQuery {
  name?: string
  labels?: Record<string, string>
  command?: string
  port?: number
  namespace?: string
  /** Of a container: the beginning of its id. */
  id?: string
  /** Of a container: its service in a compose file. */
  service?: string
}

export type Pick = { count: number } | { share: number } | { all: true }

export interface TargetSpec {
  place: Place
  query: TargetQuery
  pick: Pick
  /** What narrows further (`to`, `match`, `interface`), as the fault's own schemas read it. */
  narrowing: Record<string, unknown>
}

/** A parameter that moves while the fault acts: both ends in the base unit. */
export interface Dial {
  from: number
  to: number
  unit: Unit
}

/** How a fault's dials move: all of them linearly, at once. */
export interface Ramp {
  /** ms from the fault's beginning until they have arrived; from then on they stay. */
  over: number
  dials: Record<string, Dial>
}

export interface Fault {
  name: string
  /** A built-in type, or a path to the author's own module (`./x.ts`). */
  type: string
  target?: TargetSpec
  /** ms after the fault phase began. */
  after: number
  /** ms; absent: to the end of the fault phase. */
  for?: number
  /** ms from one beginning to the next, more than `for`: the fault begins again until the phase is over. */
  every?: number
  /** ms over which the dials move; absent: as long as the fault acts. */
  ramp?: number
  /** The parameters that were written as a range `a..b`, by name. */
  dials?: Record<string, Dial>
  /** The fault's own parameters, checked and converted by the injector's schema; a dial with the value it begins with. */
  spec: Record<string, unknown>
  /** Line of the fault in the document, for messages. */
  line?: number
}

export interface SourceSpec {
  name: string
  type: string
  config: Record<string, unknown>
}

/** What stands in the path of the traffic. `carries`: `http` understands requests, so HTTP faults can act there; `bytes` passes on a stream. */
export type ProxySpec = { name: string; carries: 'http' | 'bytes' } & (OwnProxy | ToxiproxyProxy)

/** A proxy of ours: started for the run, or adopted from an earlier one. */
export interface OwnProxy {
  /** Where callers connect: `127.0.0.1:9001`. */
  listen: string
  /** `127.0.0.1:5432`, or `http://127.0.0.1:8081`. */
  upstream: string
}

/** A proxy of a Toxiproxy server that runs already. */
export interface ToxiproxyProxy {
  /** Address of its API. */
  toxiproxy: string
  /** The proxy's name in that server. */
  remote: string
}

export interface Experiment {
  name: string
  hypothesis: string
  environment: Environment
  service?: string
  owner?: string
  tags: string[]
  traffic?: Traffic
  /** Empty when none are declared. */
  proxies: ProxySpec[]
  sources: SourceSpec[]
  measures: Measure[]
  /** ms each. */
  phases: { warmup: number; baseline: number; fault: number; recovery: number }
  faults: Fault[]
}
