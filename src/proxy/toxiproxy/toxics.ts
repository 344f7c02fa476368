/** The kinds of toxic: their attributes, which of these mean nothing, and what each is among our own faults. */
import type { Direction, StreamAct, StreamFault } from '../fault.ts'
import type { FieldType, Shape, Value, Values } from './json-decode.ts'

export interface Toxic {
  name: string
  type: string
  /** As the client wrote it: `UPSTREAM` stays. */
  stream: string
  direction: Direction
  /** 32 bits; below 0 as 0, above 1 as 1. */
  toxicity: number
  attributes: Values
}

interface Kind {
  shape: Shape
  act(attributes: Values): StreamAct
  /** Why these attributes are refused, though they are of the right type. */
  refuse?(attributes: Values): string | null
}

/** ms of 24 days: the longest wait that a timer knows. */
const longest = 2_147_483_647

export const kinds: Readonly<Record<string, Kind>> = {
  latency: {
    shape: shape('LatencyToxic', { latency: 'int64', jitter: 'int64' }),
    act: ({ latency, jitter }) => ({ is: 'delay', ms: time(latency, -longest), jitter: time(jitter) }),
  },
  bandwidth: {
    shape: shape('BandwidthToxic', { rate: 'int64' }),
    act: ({ rate }) => ({ is: 'rate', bytesPerSecond: Math.min(whole(rate) * 1000, Number.MAX_SAFE_INTEGER) }),
    refuse: ({ rate }) => (whole(rate) < 0 ? `rate must be 0 (nothing passes) or more KB per second, not ${String(rate)}` : null),
  },
  slow_close: {
    shape: shape('SlowCloseToxic', { delay: 'int64' }),
    act: ({ delay }) => ({ is: 'slow close', ms: time(delay) }),
  },
  timeout: {
    shape: shape('TimeoutToxic', { timeout: 'int64' }),
    act: ({ timeout }) => ({ is: 'drop', closeAfter: time(timeout), atEnd: 'close' }),
  },
  reset_peer: {
    shape: shape('ResetToxic', { timeout: 'int64' }),
    act: ({ timeout }) => ({ is: 'reset', after: time(timeout) }),
  },
  slicer: {
    shape: shape('SlicerToxic', { average_size: 'int', size_variation: 'int', delay: 'int' }),
    act: ({ average_size, size_variation, delay }) => {
      const size = whole(average_size)
      return { is: 'slice', size, variation: Math.min(Math.max(whole(size_variation), 0), size), pauseUs: Math.max(whole(delay), 0) }
    },
    refuse: ({ average_size }) =>
      whole(average_size) < 1 ? `average_size must be at least 1 byte, not ${String(average_size)}: no piece can be smaller` : null,
  },
  limit_data: {
    shape: shape('LimitDataToxic', { bytes: 'int64' }),
    act: ({ bytes }) => ({ is: 'cut', bytes: Math.max(whole(bytes), 0), by: 'close' }),
  },
  noop: { shape: shape('NoopToxic', {}), act: () => ({ is: 'noop' }) },
}

/** What a toxic is to the proxy, under its own name: both streams of a proxy share one name space. `seed` makes its draws repeatable. */
export function faultOf(toxic: Toxic, seed: number): StreamFault {
  const act = kinds[toxic.type]?.act(toxic.attributes) ?? { is: 'noop' }
  return { is: 'stream', id: toxic.name, direction: toxic.direction, share: Math.min(Math.max(toxic.toxicity, 0), 1), seed, act }
}

/** All attributes of the kind, at 0. */
export function noAttributes(kind: Kind): Values {
  return Object.fromEntries(Object.keys(kind.shape.fields).map((name) => [name, 0n]))
}

/** The direction that a client names, in any case; null: there is no such. */
export function directionOf(stream: string): Direction | null {
  const lower = stream.toLowerCase()
  if (lower === 'upstream') return 'up'
  return lower === 'downstream' ? 'down' : null
}

function shape(name: string, fields: Record<string, 'int' | 'int64'>): Shape {
  const types = Object.entries(fields).map(([field, is]): [string, FieldType] => [field, { is }])
  return { name, type: `toxics.${name}`, fields: Object.fromEntries(types) }
}

function whole(value: Value | undefined): number {
  return Number(value ?? 0)
}

function time(value: Value | undefined, least = 0): number {
  return Math.min(Math.max(whole(value), least), longest)
}
