/** What faults on packets can do on this machine: each tried for real, in a network namespace that ends with the attempt. */
import { findSystemProgram } from '../../system/children.ts'
import type { Able } from '../able.ts'
import { hasEgress, hasNetem, tryTc, withoutNetem } from './netem.ts'

export async function able(): Promise<Able[]> {
  const missing = ['ip', 'tc', 'nft', 'nsenter', 'unshare'].filter((name) => !findSystemProgram(name))
  const line = (what: string, state: Able['state'], says: string): Able => ({ what, state, says })
  if (missing.length > 0)
    return [line('network of this host', 'missing', `${missing.join(', ')} not found: install iproute2, nftables and util-linux`)]
  if (process.getuid?.() !== 0)
    return [
      line(
        'network of this host',
        'missing',
        'needs root, or CAP_NET_ADMIN and CAP_SYS_ADMIN: run squall with sudo, or put the fault at a proxy',
      ),
    ]
  const [netem, egress, htb, tbf] = await Promise.all([
    hasNetem(),
    hasEgress(),
    tryTc('htb'),
    tryTc('tbf', 'rate', '1mbit', 'burst', '10k', 'limit', '10k'),
  ])
  return [
    line('delay, duplicate, corrupt, reorder of packets', netem ? 'ok' : 'missing', netem ? 'netem' : withoutNetem),
    egress || netem
      ? line('loss of packets', 'ok', egress ? 'nft, ends by itself' : 'netem; nft of this kernel has no egress hook')
      : line(
          'loss of packets',
          'limited',
          'only of what comes in, or stays on this machine: nft has no egress hook, and there is no netem',
        ),
    line('bandwidth', htb && tbf ? 'ok' : 'missing', htb && tbf ? 'tbf' : 'this kernel lacks sch_htb or sch_tbf: limit it at a proxy'),
  ]
}
