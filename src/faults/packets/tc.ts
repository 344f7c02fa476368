/**
 * Queueing disciplines that do what is asked to the packets that are meant, as commands. One tree of ours at each place:
 * htb (only what the filters choose goes in, the rest passes by) → tbf that cuts what the kernel sends in one piece (GSO) into packets of
 * the wire, so that a share of them is a share of the wire's → tbf for the bandwidth → netem.
 */
import type { Reversible } from './command.ts'
import { handleText } from './names.ts'
import { needsNetem, type PacketSpec } from './spec.ts'
import { everything, type Flow } from './to.ts'

export interface TcPlace {
  device: string
  mtu: number
  /** bit/s of the link; how much a delay must be able to hold. */
  speed: number
  /** `root`, or the class of somebody else's tree below which ours goes: `7:10`. */
  parent: string
  /** The first of four handles. */
  handle: number
  pref: number
  /** What the filters look at: packets that leave have it as their destination. */
  side: 'destination' | 'source'
  /** Absent: everything that comes here is meant. */
  flows?: readonly Flow[]
  /** Never touched, though `flows` hold them. */
  spare?: readonly Flow[]
  /** Nothing is done to them here but cutting what came in one piece into packets of the wire. */
  onlyCut?: true
}

/** ms that a narrow link holds back before it drops. */
const queueMs = 200
/** Fast enough never to be felt; at a higher one tbf counts in steps too coarse for a packet. */
const asFastAsCan = '40gbit'

export function treeAt(place: TcPlace, spec: PacketSpec): Reversible[] {
  const { device, handle, parent, flows } = place
  const at = parent === 'root' ? ['root'] : ['parent', parent]
  const own = ['dev', device, ...at, 'handle', handleText(handle)]
  const commands: Reversible[] = [
    {
      do: { argv: ['tc', 'qdisc', 'add', ...own, 'htb', 'default', flows ? '0' : '1'] },
      undo: { argv: ['tc', 'qdisc', 'del', ...own] },
    },
    below([
      'tc',
      'class',
      'add',
      'dev',
      device,
      'parent',
      handleText(handle),
      'classid',
      handleText(handle, 1),
      'htb',
      'rate',
      asFastAsCan,
      'quantum',
      '60000',
    ]),
  ]
  let above = handleText(handle, 1)
  for (const [index, words] of stages(place, spec).entries()) {
    const next = handle + 1 + index
    commands.push(below(['tc', 'qdisc', 'add', 'dev', device, 'parent', above, 'handle', handleText(next), ...words]))
    above = handleText(next, 1)
  }
  const into = { direct: handleText(handle), hit: handleText(handle, 1) }
  const parentOf = ['parent', handleText(handle)]
  if (flows) {
    for (const flow of place.spare ?? []) commands.push(...filters(place, parentOf, flow, 0, ['flowid', into.direct]))
    for (const flow of flows) commands.push(...filters(place, parentOf, flow, 2, ['flowid', into.hit]))
  }
  return commands
}

/** The other way round: what comes in goes through an interface of ours, where a tree can hold it. */
export function ingressTo(place: TcPlace, link: string, hasIngress: boolean): Reversible[] {
  const { device } = place
  const ipLink = (...words: string[]): readonly [string, ...string[]] => ['ip', 'link', ...words]
  const commands: Reversible[] = [
    { do: { argv: ipLink('add', link, 'type', 'ifb') }, undo: { argv: ipLink('del', link) } },
    below(ipLink('set', link, 'up')),
  ]
  if (!hasIngress)
    commands.push({
      do: { argv: ['tc', 'qdisc', 'add', 'dev', device, 'ingress'] },
      undo: { argv: ['tc', 'qdisc', 'del', 'dev', device, 'ingress'] },
    })
  const mirred = ['action', 'mirred', 'egress', 'redirect', 'dev', link]
  for (const flow of place.spare ?? []) commands.push(...filters(place, ['ingress'], flow, 0, ['flowid', '1:1'], true))
  for (const flow of place.flows ?? everything) commands.push(...filters(place, ['ingress'], flow, 2, mirred, true))
  return commands
}

function below(argv: readonly [string, ...string[]]): Reversible {
  return { do: { argv }, undo: null }
}

/**
 * By protocol, so that the bytes of another one are never taken for ports. Kernels want another pref for each family.
 * `removed`: one by one, since what they hang at may be somebody else's.
 */
function filters(place: TcPlace, at: readonly string[], flow: Flow, order: number, then: readonly string[], removed = false): Reversible[] {
  const { device, pref, side } = place
  const [protocol, ip] = flow.family === 4 ? (['ip', 'ip'] as const) : (['ipv6', 'ip6'] as const)
  const number = String(pref + order + (flow.family === 4 ? 0 : 1))
  const [address, port] = side === 'destination' ? ['dst', 'dport'] : ['src', 'sport']
  const network = ['match', ip, address, `${flow.address}/${flow.prefix}`]
  const ofPort = (transport: string): string[] => [
    'match',
    ip,
    'protocol',
    transport,
    '0xff',
    'match',
    ip,
    port,
    String(flow.port),
    '0xffff',
  ]
  const matches = flow.port === undefined ? [[]] : ['6', '17'].map(ofPort)
  const filter = ['dev', device, ...at, 'protocol', protocol, 'pref', number, 'u32']
  return matches.map((match) => ({
    do: { argv: ['tc', 'filter', 'add', ...filter, ...network, ...match, ...then] },
    undo: removed ? { argv: ['tc', 'filter', 'del', ...filter] } : null,
  }))
}

function stages(place: TcPlace, spec: PacketSpec): string[][] {
  const { loss, duplicate, corrupt, reorder, bandwidth } = spec
  const perPacket = [loss, duplicate, corrupt, reorder].some((value) => value !== undefined)
  const frame = place.mtu + 18
  const stages: string[][] = []
  // One packet of the wire fits in, two don't: what is bigger is cut. 400: tbf rounds down by up to 320.
  if (perPacket || place.onlyCut) stages.push(tbf(asFastAsCan, frame + 400, 1_000_000_000))
  if (place.onlyCut) return stages
  if (bandwidth !== undefined) {
    const perSecond = bandwidth / 8
    const burst = Math.max(Math.ceil(perSecond * 0.005), 2 * frame)
    stages.push(tbf(`${Math.round(bandwidth)}bit`, burst, burst + Math.max(Math.ceil((perSecond * queueMs) / 1000), 10 * frame)))
  }
  if (needsNetem(spec) || loss !== undefined) stages.push(netem(place, spec))
  return stages
}

function tbf(rate: string, burst: number, limit: number): string[] {
  return ['tbf', 'rate', rate, 'burst', String(burst), 'limit', String(limit)]
}

function netem({ mtu, speed }: TcPlace, spec: PacketSpec): string[] {
  const { delay = 0, jitter, correlation, distribution, loss, duplicate, corrupt, reorder, bandwidth } = spec
  const percent = (share: number): string => `${Number((share * 100).toPrecision(6))}%`
  const holds = (delay + 3 * (jitter ?? 0) + (bandwidth === undefined ? 0 : queueMs)) / 1000
  const limit = Math.max(bandwidth === undefined ? 1000 : 50, Math.ceil(((bandwidth ?? speed) / 8 / mtu) * holds * 1.5))
  const words = ['netem', 'limit', String(limit)]
  if (spec.delay !== undefined) words.push('delay', `${delay}ms`)
  if (jitter !== undefined) words.push(`${jitter}ms`)
  if (jitter !== undefined && correlation !== undefined) words.push(percent(correlation))
  if (distribution !== undefined && distribution !== 'uniform') words.push('distribution', distribution)
  if (loss !== undefined) words.push('loss', 'random', percent(loss))
  if (duplicate !== undefined) words.push('duplicate', percent(duplicate))
  if (corrupt !== undefined) words.push('corrupt', percent(corrupt))
  if (reorder !== undefined) words.push('reorder', percent(reorder))
  // Any rate keeps the order that jitter would break.
  if (jitter !== undefined && reorder === undefined) words.push('rate', asFastAsCan)
  return words
}
