/** Faults as a Toxiproxy server can have them: toxics, or a proxy that is disabled. What it cannot do is refused, what it does differently is told. */
import { SquallError } from '../../errors.ts'
import type { ConnectionFault, ProxyFault, StreamFault } from '../fault.ts'
import { toxicName } from './toxic-names.ts'

/** As the API gives and takes it. */
export interface Toxic {
  name: string
  type: string
  stream: 'upstream' | 'downstream'
  toxicity: number
  attributes: Record<string, number>
}

export interface AsToxics {
  toxics: Toxic[]
  /** The proxy is disabled as well; the toxic only marks that it was us. */
  disables: boolean
  /** What it does differently from what was asked for, a sentence each. */
  remarks: string[]
}

/** @throws SquallError when Toxiproxy has nothing like it */
export function asToxics(fault: ProxyFault): AsToxics {
  if (fault.is === 'stream') return ofStream(fault)
  if (fault.is === 'connections') return ofConnections(fault)
  throw cannot('understands no HTTP', 'Declare a proxy of our own (listen and upstream) for faults of requests.')
}

function cannot(what: string, hint: string): SquallError {
  return new SquallError('fault-not-available', `Toxiproxy ${what}`, { hint })
}

function ofStream({ id, direction, share, seed, act }: StreamFault): AsToxics {
  const { type, attributes, remarks = [] } = ofAct(act)
  if (share < 1 && seed !== undefined) remarks.push('which connections it acts on cannot be repeated: Toxiproxy draws without a seed')
  const stream = direction === 'up' ? 'upstream' : 'downstream'
  return { toxics: [{ name: toxicName(id, 'one'), type, stream, toxicity: share, attributes }], disables: false, remarks }
}

function ofAct(act: StreamFault['act']): { type: string; attributes: Record<string, number>; remarks?: string[] } {
  switch (act.is) {
    case 'delay':
      return ofDelay(act)
    case 'rate':
      return ofRate(act.bytesPerSecond)
    case 'slice':
      // With a size of 0 the server dies at the first byte, and with a variation above the size it may.
      if (act.size < 1) throw cannot('has no pieces of less than one byte', 'Ask for pieces of 1 byte or more.')
      return {
        type: 'slicer',
        attributes: whole({ average_size: act.size, size_variation: Math.min(act.variation, act.size), delay: act.pauseUs }),
      }
    case 'cut':
      if (act.by === 'reset') throw cannot('cannot reset after a number of bytes', 'It can end the connection in order: cut_by: close.')
      return { type: 'limit_data', attributes: whole({ bytes: act.bytes }) }
    case 'drop':
      return {
        type: 'timeout',
        attributes: whole({ timeout: act.closeAfter }),
        remarks: ['when it ends, Toxiproxy closes the connections that it acted on'],
      }
    case 'slow close':
      return { type: 'slow_close', attributes: whole({ delay: act.ms }) }
    case 'reset':
      return { type: 'reset_peer', attributes: whole({ timeout: act.after }), remarks: [resetsLate] }
    case 'noop':
      return { type: 'noop', attributes: {} }
  }
}

const resetsLate = 'Toxiproxy resets a connection at its next byte; one that exists already is closed instead of reset'

function ofDelay({ ms, jitter, shape }: { ms: number; jitter: number; shape?: string }): ReturnType<typeof ofAct> {
  if (shape === 'normal') throw cannot('has no jitter with a normal distribution', 'It can have a uniform one.')
  const attributes = whole({ latency: ms, jitter })
  const remarks =
    attributes.latency === ms && attributes.jitter === jitter ? [] : [`Toxiproxy counts in whole ms: it is ${attributes.latency} ms`]
  return { type: 'latency', attributes, remarks }
}

function ofRate(bytesPerSecond: number): ReturnType<typeof ofAct> {
  // Rounded down to 0 it would let nothing pass at all.
  const rate = bytesPerSecond === 0 ? 0 : Math.max(1, Math.round(bytesPerSecond / 1000))
  const remarks = rate * 1000 === bytesPerSecond ? [] : [`Toxiproxy counts in whole kilobytes per second: it is ${rate} kB/s`]
  return { type: 'bandwidth', attributes: { rate }, remarks }
}

function whole(numbers: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Math.max(0, Math.round(value))]))
}

/** What happens to connections, as toxics of both streams. */
export const ofBoth = {
  stall: { type: 'bandwidth', attributes: { rate: 0 }, remarks: [] },
  reset: { type: 'reset_peer', attributes: { timeout: 0 }, remarks: [resetsLate] },
  // A millisecond, because 0 would keep them open for ever.
  close: { type: 'timeout', attributes: { timeout: 1 }, remarks: [] },
} as const

function ofConnections(fault: ConnectionFault): AsToxics {
  const { id, new: fresh, live } = fault
  if (fresh === 'hang')
    throw cannot('cannot let connecting time out', 'It can stall (accept, and let nothing pass), refuse, reset or close connections.')
  if (fresh === 'refuse') return refusing(fault)
  const is = fresh ?? live
  if (is === undefined) return { toxics: [], disables: false, remarks: [] }
  const { type, attributes, remarks } = ofBoth[is]
  if (live !== fresh && live !== undefined && fresh !== undefined)
    throw cannot(`cannot ${fresh} new connections and ${live} the others`, 'Ask for the same for both.')
  const toxics = (['up', 'down'] as const).map((part): Toxic => {
    return { name: toxicName(id, part), type, stream: `${part}stream`, toxicity: 1, attributes: { ...attributes } }
  })
  const others = live === fresh ? [] : [`Toxiproxy does it to ${fresh === undefined ? 'new' : 'existing'} connections as well`]
  return { toxics, disables: false, remarks: [...remarks, ...others] }
}

function refusing({ id, live }: ConnectionFault): AsToxics {
  if (live === 'stall')
    throw cannot('cannot refuse connections and keep those that exist', 'Ask for refuse alone: those that exist are closed.')
  const remarks = live === 'close' ? [] : ['Toxiproxy closes the connections that exist when it begins to refuse']
  const mark: Toxic = { name: toxicName(id, 'off'), type: 'noop', stream: 'downstream', toxicity: 1, attributes: {} }
  return { toxics: [mark], disables: true, remarks }
}
