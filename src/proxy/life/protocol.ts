/** What a proxy's process and those who use it say to each other over its control socket: one JSON object a line. */
import type { ProxyFault } from '../fault.ts'

/** Changes whenever an older one could misunderstand. `hello` (`protocol`, `pid`) and `stop` stay as they are for ever, so that another version can be told apart and ended. */
export const protocolVersion = 1

/** Who started it, for whom it is in the way. Empty texts: nobody says. */
export interface StartedBy {
  run: string
  experiment: string
}

/** What it is to be. */
export interface ProxyTask {
  name: string
  listen: string
  upstream: string
  carries: 'bytes' | 'http'
  startedBy: StartedBy
  /** ms without use after which it ends by itself, when nobody holds it. Default: half an hour. */
  idleAfter?: number
}

/** The first line it says on each connection. */
export interface Hello extends Omit<ProxyTask, 'idleAfter'> {
  hello: 'squall proxy'
  protocol: number
  /** Of Squall. */
  version: string
  pid: number
  /** Clock ticks since boot: with the pid it names the process. */
  start: number
  /** Runs that hold it. */
  holders: string[]
}

export type ProxyRequest =
  /** Until this connection ends or `until`, ms since the epoch, whichever is first. */
  | { ask: 'put'; faults: readonly ProxyFault[]; holder: string; until: number }
  /** Whoever put them. */
  | { ask: 'remove'; ids: readonly string[] }
  | { ask: 'status' }
  /** For as long as this connection lasts it does not end by itself, nor for others. */
  | { ask: 'lease'; holder: string }
  /** `unless: held`: not while others hold it; `used`: not while it is in use either. */
  | { ask: 'stop'; unless: 'held' | 'used' }

export type Asked = ProxyRequest & { n: number }

export type Answered = { n: number; ok: true; value?: unknown } | { n: number; ok: false; error: { code: string; message: string } }

/** What the process says once, on its standard output, to whoever started it. */
export type StartAnswer =
  | { say: 'ready' }
  /** Another process holds this address: it is there already, or is just coming or going. */
  | { say: 'taken' }
  | { say: 'failed'; code: string; message: string }
