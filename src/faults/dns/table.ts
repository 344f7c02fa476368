/**
 * The table of nft that leads questions for a DNS server to a port of ours, and dresses our answers as that server's. Address and port are set in each packet,
 * before connections are tracked: sockets that are open already are hit as well, and heal in the same instant. Nothing of it acts unless the
 * element of its set is alive, which is renewed by who answers: if that dies, the kernel ends the fault within seconds.
 */
import { isIP } from 'node:net'
import type { Command } from '../packets/command.ts'

export interface Lead {
  /** Address of the DNS server. */
  server: string
  /** Port of ours, at the loopback address of the same family. */
  port: number
}

/** Group of the process that answers: its own questions pass. */
export const ownGroup = 61551
/** Seconds. */
const lease = 3

export function makeTable(table: string, leads: readonly Lead[]): Command {
  const lines = [
    'counter seen { }',
    'counter hit { }',
    'set live { typeof meta nfproto; flags timeout; }',
    'chain output {',
    '  type route hook output priority -300; policy accept;',
    `  meta skgid ${ownGroup} accept`,
    ...leads.flatMap(towardsUs),
    '}',
    'chain input {',
    '  type filter hook input priority -300; policy accept;',
    ...leads.flatMap(fromUs),
    '}',
  ]
  return {
    argv: ['nft', '-f', '-'],
    input: `create table inet ${table}\ntable inet ${table} {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`,
  }
}

function towardsUs({ server, port }: Lead): string[] {
  const { ip, loopback } = familyOf(server)
  return ['udp', 'tcp'].map(
    (transport) =>
      `  meta nfproto @live ${ip} daddr ${server} ${transport} dport 53 counter name hit ${ip} daddr set ${loopback} ${transport} dport set ${port}`,
  )
}

function fromUs({ server, port }: Lead): string[] {
  const { ip, loopback } = familyOf(server)
  return ['udp', 'tcp'].map(
    (transport) => `  ${ip} saddr ${loopback} ${transport} sport ${port} ${ip} saddr set ${server} ${transport} sport set 53`,
  )
}

export function familyOf(address: string): { ip: 'ip' | 'ip6'; loopback: string } {
  return isIP(address) === 6 ? { ip: 'ip6', loopback: '::1' } : { ip: 'ip', loopback: '127.0.0.1' }
}

/** In one step, so that there is no moment without it. Older kernels do not prolong an element that is there. */
export function renewLease(table: string): Command {
  const elements = ['ipv4', 'ipv6'].map((family) => `${family} timeout ${lease}s`)
  return { argv: ['nft', '-f', '-'], input: `flush set inet ${table} live\nadd element inet ${table} live { ${elements.join(', ')} }\n` }
}

export function dropTable(table: string): Command {
  return { argv: ['nft', 'delete', 'table', 'inet', table] }
}
