/** What talks to the proxy of a fault: ours over its control socket, one of a Toxiproxy server over its API. */
import type { ProxySpec } from '../../document/experiment.ts'
import type { ProxyLease } from '../../proxy/lease-type.ts'

/** Reading a document needs none of it, so it is not loaded with the list of faults; planning needs it, so that later nothing is loaded. */
const ours = () => import('../../proxy/life/lease.ts')
const theirs = () => import('../../proxy/toxiproxy-client.ts')

export async function loadLeases(): Promise<void> {
  await Promise.all([ours(), theirs()])
}

/** Null: nobody is behind the control socket, so the proxy has ended and nothing that was in it is left. */
export async function leaseOf({ proxy, socket }: { proxy: ProxySpec; socket?: string | null }): Promise<ProxyLease | null> {
  if ('toxiproxy' in proxy) return (await theirs()).toxiproxyLease(proxy.toxiproxy, proxy.remote)
  const { connectProxy, proxyLease } = await ours()
  const path = socket ?? ''
  return proxyLease(path).catch(async (error: Error) => {
    const there = await connectProxy(path)
    there?.close()
    if (there) throw error
    return null
  })
}
