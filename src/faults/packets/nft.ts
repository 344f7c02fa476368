/**
 * A table of ours that cuts off or loses packets. Every rule first asks a set whose elements the kernel takes away after so many seconds:
 * with everybody dead the fault ends by itself, and what is left of the table does nothing.
 */
import type { Reversible } from './command.ts'
import { everything, type Flow } from './to.ts'

export type PacketEnd = 'drop' | 'refuse' | 'reset' | { loss: number }

export interface NftPlan {
  table: string
  /** Until it ends by itself. */
  seconds: number
  end: PacketEnd
  direction: 'out' | 'in' | 'both'
  /** Absent: everything but what stays on this machine. */
  flows?: readonly Flow[]
  /** Never touched. */
  spare?: readonly Flow[]
  /** Only these interfaces; absent: all. */
  interfaces?: readonly string[]
  /** What leaves this machine is `lossAtDevice`'s. */
  outAtDevice?: boolean
}

/** For packets of this machine. On the way out a sender learns of a drop: `lossAtDevice` is for where it must not. */
export function inetTable(plan: NftPlan): Reversible {
  const { direction } = plan
  const out = direction !== 'in'
  const into = direction !== 'out'
  const way = (key: 'iifname' | 'oifname'): string => (plan.interfaces ? `${key} { ${plan.interfaces.map(quoted).join(', ')} } ` : '')
  const lines = [
    ...liveSet(plan, 'meta nfproto', ['ipv4', 'ipv6']),
    ...chain('act', endRules(plan.end)),
    ...chain('to', chosen(plan, 'daddr', 'dport')),
    ...chain('from', chosen(plan, 'saddr', 'sport')),
    // What stays on this machine passes both hooks; at the second nobody but the receiver learns of it.
    ...chain('output', [
      'type filter hook output priority -300; policy accept;',
      ...(out && !plan.outAtDevice ? [`oifname != "lo" ${way('oifname')}meta nfproto @live jump to`] : []),
    ]),
    ...chain('input', [
      'type filter hook input priority -300; policy accept;',
      ...(out && plan.flows ? [`iifname "lo" ${way('iifname')}meta nfproto @live jump to`] : []),
      ...(into ? [`${plan.flows ? '' : 'iifname != "lo" '}${way('iifname')}meta nfproto @live jump from`] : []),
    ]),
  ]
  return table('inet', plan.table, lines)
}

/** Loss of what leaves by a device, unseen by the sender as it would be on a wire: lost packets go to `link`, an interface of ours that leads nowhere. */
export function lossAtDevice(plan: NftPlan & { end: { loss: number } }, devices: readonly string[], link: string): Reversible {
  const lines = [
    ...liveSet(plan, 'meta protocol', ['ip', 'ip6']),
    ...chain('act', lossRules(plan.end.loss, link)),
    ...chain('to', chosen(plan, 'daddr', 'dport')),
    ...devices.flatMap((device, index) =>
      chain(`egress${index}`, [
        `type filter hook egress device ${quoted(device)} priority -300; policy accept;`,
        'meta protocol @live jump to',
      ]),
    ),
  ]
  return table('netdev', plan.table, lines)
}

function table(family: 'inet' | 'netdev', name: string, lines: readonly string[]): Reversible {
  return {
    // Created, not added to: a second time is refused, whoever made the first.
    do: {
      argv: ['nft', '-f', '-'],
      input: `create table ${family} ${name}\ntable ${family} ${name} {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`,
    },
    undo: { argv: ['nft', 'delete', 'table', family, name] },
  }
}

function liveSet({ seconds }: NftPlan, key: string, values: readonly string[]): string[] {
  const elements = values.map((value) => `${value} timeout ${Math.max(1, Math.ceil(seconds))}s`)
  return ['counter seen { }', 'counter hit { }', `set live { typeof ${key}; flags timeout; elements = { ${elements.join(', ')} }; }`]
}

function chain(name: string, rules: readonly string[]): string[] {
  return [`chain ${name} {`, ...rules.map((rule) => `  ${rule}`), '}']
}

/** `link`: where they are led; absent: dropped here. */
export function lossRules(loss: number, link?: string): string[] {
  const lost = Math.round(loss * 1_000_000)
  const drawn = lost >= 1_000_000 ? '' : `numgen random mod 1000000 < ${lost} `
  const rule = `${drawn}counter name hit ${link === undefined ? 'drop' : `fwd to ${quoted(link)}`}`
  return ['counter name seen', ...(lost === 0 ? [] : [rule])]
}

function endRules(end: PacketEnd): string[] {
  if (typeof end === 'object') return lossRules(end.loss)
  const hit = 'counter name hit'
  if (end === 'drop') return [`${hit} drop`]
  // Our own resets, and those of others, must arrive. With reset a connection is made first.
  const pass = end === 'reset' ? ['tcp flags & rst == rst accept', 'tcp flags & syn == syn accept'] : ['tcp flags & rst == rst accept']
  return [...pass, `meta l4proto tcp ${hit} reject with tcp reset`, `${hit} reject with icmpx port-unreachable`]
}

function chosen({ flows, spare = [] }: NftPlan, address: 'daddr' | 'saddr', port: 'dport' | 'sport'): string[] {
  const rules = (list: readonly Flow[], then: string): string[] =>
    list.flatMap((flow) => matches(flow, address, port).map((match) => `${match} ${then}`))
  return [...rules(spare, 'accept'), ...rules(flows ?? everything, 'jump act')]
}

function matches({ family, address: network, prefix, port: number }: Flow, address: string, port: string): string[] {
  const ip = family === 4 ? 'ip' : 'ip6'
  const from = prefix === 0 ? `meta protocol ${ip}` : `${ip} ${address} ${network}/${prefix}`
  return number === undefined ? [from] : ['tcp', 'udp'].map((transport) => `${from} ${transport} ${port} ${number}`)
}

function quoted(name: string): string {
  if (!/^[\w.@:-]{1,15}$/.test(name)) throw new Error(`not the name of an interface: ${name}`)
  return `"${name}"`
}
