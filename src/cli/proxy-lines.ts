/** What people have to do for a proxy: it stands in the path only when the service is pointed at it. */
import type { ProxySpec } from '../document/experiment.ts'

/** `proxy payments at 127.0.0.1:9001: point your service there instead of at 127.0.0.1:8081`. */
export function proxyLines(proxies: readonly ProxySpec[]): string[] {
  return proxies.map((proxy) =>
    'listen' in proxy
      ? `proxy ${proxy.name} at ${proxy.listen}: point your service there instead of at ${proxy.upstream}`
      : `proxy ${proxy.name}: ${proxy.remote} of the Toxiproxy server at ${proxy.toxiproxy}`,
  )
}
