/** A proxy as the target of a fault. The list of faults loads this, so it loads nothing itself. */
import type { ProxySpec } from '../../document/experiment.ts'
import type { Target } from '../injector.ts'

/** Where the proxy is, and what leads to it: the same in every process and at any time. */
export interface ProxyPlace {
  proxy: ProxySpec
  /** Of its control; absent for a proxy of a Toxiproxy server, which has an API. */
  socket?: string
}

/** What tells one proxy from another, whatever documents call it. */
export function addressOf(proxy: ProxySpec): string {
  return 'listen' in proxy ? proxy.listen : `${proxy.toxiproxy} ${proxy.remote}`
}

export function placeOf({ facts }: Target): ProxyPlace {
  const { proxy, socket } = facts as unknown as ProxyPlace
  return { proxy, ...(socket !== undefined && { socket }) }
}
