/** Finding a declared proxy. Nothing is asked of it and nothing started: it need not run yet. */
import type { ProxySpec, TargetSpec } from '../../document/experiment.ts'
import { SquallError } from '../../errors.ts'
import { proxySocket } from '../../proxy/life/place.ts'
import type { Json, Target } from '../injector.ts'
import { addressOf } from './target.ts'

/** @throws SquallError `no-target` when none of this name is declared */
export function proxyTarget({ query, narrowing }: TargetSpec, proxies: readonly ProxySpec[]): Target {
  const proxy = proxies.find(({ name }) => name === query.name)
  if (!proxy) throw new SquallError('no-target', `no proxy is called ${query.name ?? 'so'}: the document declares none`)
  const facts = { proxy, ...('listen' in proxy && { socket: proxySocket(proxy.listen) }), narrowing } as unknown as { [key: string]: Json }
  return { place: 'proxy', id: addressOf(proxy), name: `the proxy ${proxy.name}`, facts }
}
