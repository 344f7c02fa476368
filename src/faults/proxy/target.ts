/** A declared proxy as the target of a fault. Nothing is asked of it and nothing started: it need not run yet. */
import type { ProxySpec, TargetSpec } from '../../document/experiment.ts'
import { SquallError } from '../../errors.ts'
import { proxySocket } from '../../proxy/life/place.ts'
import type { Json, Target } from '../injector.ts'

/** Where the proxy is, and what leads to it: the same in every process and at any time. */
export interface ProxyPlace {
  proxy: ProxySpec
  /** Of its control; absent for a proxy of a Toxiproxy server, which has an API. */
  socket?: string
}

/** @throws SquallError `no-target` when none of this name is declared */
export function proxyTarget({ query, narrowing }: TargetSpec, proxies: readonly ProxySpec[]): Target {
  const proxy = proxies.find(({ name }) => name === query.name)
  if (!proxy) throw new SquallError('no-target', `no proxy is called ${query.name ?? 'so'}: the document declares none`)
  const facts = { proxy, ...('listen' in proxy && { socket: proxySocket(proxy.listen) }), narrowing } as unknown as { [key: string]: Json }
  return { place: 'proxy', id: addressOf(proxy), name: `the proxy ${proxy.name}`, facts }
}

/** What tells one proxy from another, whatever documents call it. */
export function addressOf(proxy: ProxySpec): string {
  return 'listen' in proxy ? proxy.listen : `${proxy.toxiproxy} ${proxy.remote}`
}

export function placeOf({ facts }: Target): ProxyPlace {
  const { proxy, socket } = facts as unknown as ProxyPlace
  return { proxy, ...(socket !== undefined && { socket }) }
}
