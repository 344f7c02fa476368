/** Look-ups of names in a container: by its own resolv.conf, also where docker itself answers at 127.0.0.11. */
import { misleading, planDns } from '../dns/misleading.ts'
import { serversIn } from '../dns/servers.ts'
import { type DnsSpec, dnsSpec } from '../dns/spec.ts'
import type { Injector, Json } from '../injector.ts'
import { findNetns } from '../packets/netns.ts'
import { placeOf } from './inspect.ts'
import { firstProcess, pathInside } from './local-files.ts'

export const dnsOfContainer: Injector<DnsSpec, Json> = {
  type: 'dns',
  places: ['container'],
  get spec() {
    return dnsSpec()
  },
  needs: () => [{ docker: true }, { command: 'nft' }, { command: 'setpriv' }, { command: 'nsenter' }, { capability: 'CAP_NET_ADMIN' }],
  async plan(spec, target, context) {
    const place = placeOf(target)
    const first = await firstProcess(place, 'dns')
    const netns = findNetns(`pid:${first.pid}`)
    const servers = spec.servers ?? serversIn(pathInside(first, '/etc/resolv.conf'), `resolv.conf of the container ${place.name}`)
    return planDns({ netns, servers, words: ` in the container ${place.name}` }, spec, context)
  },
  ...misleading,
}
