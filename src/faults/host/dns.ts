/** Look-ups of names on this machine, or in a network namespace on it. */
import { existsSync } from 'node:fs'
import { misleading, planDns } from '../dns/misleading.ts'
import { serversIn } from '../dns/servers.ts'
import { type DnsSpec, dnsSpec } from '../dns/spec.ts'
import type { Injector, Json } from '../injector.ts'
import { findNetns } from '../packets/netns.ts'
import { packetNarrows } from './packet-target.ts'

export const dns: Injector<DnsSpec, Json> = {
  type: 'dns',
  places: ['host'],
  narrows: { netns: packetNarrows.netns },
  get spec() {
    return dnsSpec()
  },
  needs: () => [{ command: 'nft' }, { command: 'setpriv' }, { command: 'nsenter' }, { capability: 'CAP_NET_ADMIN' }],
  plan(spec, { facts }, context) {
    const { netns: name } = (facts.narrowing ?? {}) as { netns?: string }
    const netns = name === undefined ? null : findNetns(name)
    const file = resolvConf(name)
    return planDns({ netns, servers: spec.servers ?? serversIn(file, file), words: name === undefined ? '' : ` in ${name}` }, spec, context)
  },
  ...misleading,
}

/** The file that programs in there see. */
function resolvConf(netns: string | undefined): string {
  const pid = netns && /^pid:(\d+)$/.exec(netns)?.[1]
  const own = pid ? `/proc/${pid}/root/etc/resolv.conf` : `/etc/netns/${netns}/resolv.conf`
  return netns !== undefined && existsSync(own) ? own : '/etc/resolv.conf'
}
