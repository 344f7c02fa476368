/** What a proxy can be told to do. Plain data: it travels over the control socket and stands in journals. ms, bytes, bytes per second. */
import type { HttpRule } from './http/rule.ts'

/** `up`: from the caller to the service. `down`: from the service to the caller. */
export type Direction = 'up' | 'down'

/** What acts on one direction of a connection. */
export type StreamAct =
  /** Each piece leaves `ms` after it was received, plus or minus up to `jitter` (shape normal: `jitter` is the standard deviation); order is kept. Several add up. */
  | { is: 'delay'; ms: number; jitter: number; shape?: 'uniform' | 'normal' }
  /** 0: everything is held, nothing is lost. */
  | { is: 'rate'; bytesPerSecond: number }
  /** Pieces of about `size` bytes, `pauseUs` microseconds apart. */
  | { is: 'slice'; size: number; variation: number; pauseUs: number }
  /** After exactly `bytes` of this direction the connection ends. */
  | { is: 'cut'; bytes: number; by: 'close' | 'reset' }
  /** Everything is thrown away, the end of the stream too unless it is to close the connection; that is closed `closeAfter` ms after the last piece, 0: never. */
  | { is: 'drop'; closeAfter: number; atEnd?: 'close' }
  /** The end of the stream is passed on `ms` later. */
  | { is: 'slow close'; ms: number }
  /** Both sides get a reset `after` ms after the first piece or the end. */
  | { is: 'reset'; after: number }
  | { is: 'noop' }

export interface StreamFault {
  is: 'stream'
  id: string
  direction: Direction
  /** 0…1: of the connections, which ones is drawn for each. */
  share: number
  /** Makes the draws repeatable. */
  seed?: number
  act: StreamAct
}

/** What happens to connections as a whole. */
export interface ConnectionFault {
  is: 'connections'
  id: string
  /** `refuse`: nobody listens. `hang`: the kernel does not answer, so that connecting times out. `stall`: accepted, and nothing passes. */
  new?: 'refuse' | 'hang' | 'stall' | 'reset' | 'close'
  /** To those that exist when it begins. `stall`: nothing passes, nothing is lost, all of it flows when the fault ends. */
  live?: 'stall' | 'reset' | 'close'
}

/** Only at a proxy that understands HTTP. */
export interface HttpFault {
  is: 'http'
  id: string
  seed?: number
  rule: HttpRule
}

export type ProxyFault = StreamFault | ConnectionFault | HttpFault

/** One fault and what it has done so far. */
export interface FaultStatus {
  fault: ProxyFault
  /** Who put it: a run, or empty. */
  holder: string
  /** How often it has acted: on connections, pieces and bytes of a stream, on requests. */
  acted: { connections: number; pieces: number; bytes: number; requests: number }
  /** Achieved, in the units of what was asked for: `delay` ms (mean), `rate` bytes per second, `share` of connections or requests. */
  achieved: Record<string, number>
}

/** Calls that an HTTP proxy has seen, all since it began. */
export interface HttpCounters {
  /** Requests that arrived. */
  started: number
  /** Answered in full, or given up. */
  ended: number
  /** Ended with a status of 500 or more, or without an answer. */
  bad: number
  /** Upper edge in ms, number of ended calls up to it (cumulative, as in Prometheus; the last edge is Infinity, written as null in JSON). */
  latency: [le: number | null, count: number][]
  /** Connections whose bytes were no HTTP/1.1 that we follow: passed on untouched, and not counted above. */
  notFollowed: number
}

export interface ConnectionStatus {
  id: number
  /** `address:port` of the caller. */
  caller: string
  /** ms since it was accepted. */
  age: number
  /** Bytes passed on. */
  bytes: { up: number; down: number }
  /** Bytes that wait in our queues. */
  held: { up: number; down: number }
  /** Ids of the faults that act on it. */
  faults: string[]
}

export interface ProxyStatus {
  name: string
  /** Where it listens really. */
  listen: string
  upstream: string
  carries: 'bytes' | 'http'
  pid: number
  /** ms since the epoch. */
  startedAt: number
  /** ms since the epoch when a connection was last opened or carried bytes; null: never. */
  usedAt: number | null
  accepting: 'open' | 'refuse' | 'hang' | 'paused'
  connections: { open: number; accepted: number; failedUpstream: number }
  bytes: { up: number; down: number }
  /** ms during which reading stood still because our own queues were full: then we, not the network, are the limit. */
  limitedMs: number
  /** ms the event loop was late, 99th percentile of the last second or so: what of a delay is our own. */
  loopLagMs: number
  faults: FaultStatus[]
  http?: HttpCounters
}
