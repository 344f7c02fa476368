/** The way back: what toxics of ours mean. */
import type { ProxyFault, StreamFault } from '../fault.ts'
import { ofBoth, type Toxic } from './as-toxics.ts'
import { readToxicName } from './toxic-names.ts'

/** The faults that these toxics of ours make up; one of which a part is missing is not there. */
export function readFaults(toxics: readonly Toxic[], enabled: boolean): ProxyFault[] {
  const byId = new Map<string, { part: string; toxic: Toxic }[]>()
  for (const toxic of toxics) {
    const ours = readToxicName(toxic.name)
    if (ours) byId.set(ours.id, [...(byId.get(ours.id) ?? []), { part: ours.part, toxic }])
  }
  return [...byId].flatMap(([id, parts]): ProxyFault[] => {
    const [first] = parts
    if (first?.part === 'one') return readStream(id, first.toxic)
    if (first?.part === 'off') return enabled ? [] : [{ is: 'connections', id, new: 'refuse', live: 'close' }]
    const kinds = parts.map(({ toxic }) => kindOf(toxic))
    const [kind] = kinds
    return kind === undefined || kinds.length < 2 || kinds[1] !== kind ? [] : [{ is: 'connections', id, new: kind, live: kind }]
  })
}

function kindOf({ type }: Toxic): keyof typeof ofBoth | undefined {
  return (Object.keys(ofBoth) as (keyof typeof ofBoth)[]).find((kind) => ofBoth[kind].type === type)
}

function readStream(id: string, { type, stream, toxicity, attributes }: Toxic): StreamFault[] {
  const act = readAct(type, (name) => attributes[name] ?? 0)
  return act ? [{ is: 'stream', id, direction: stream === 'upstream' ? 'up' : 'down', share: toxicity, act }] : []
}

function readAct(type: string, value: (name: string) => number): StreamFault['act'] | null {
  switch (type) {
    case 'latency':
      return { is: 'delay', ms: value('latency'), jitter: value('jitter') }
    case 'bandwidth':
      return { is: 'rate', bytesPerSecond: value('rate') * 1000 }
    case 'slicer':
      return { is: 'slice', size: value('average_size'), variation: value('size_variation'), pauseUs: value('delay') }
    case 'limit_data':
      return { is: 'cut', bytes: value('bytes'), by: 'close' }
    case 'timeout':
      return { is: 'drop', closeAfter: value('timeout') }
    case 'slow_close':
      return { is: 'slow close', ms: value('delay') }
    case 'reset_peer':
      return { is: 'reset', after: value('timeout') }
    case 'noop':
      return { is: 'noop' }
    default:
      return null
  }
}
