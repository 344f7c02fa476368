/**
 * Faults in a proxy of a Toxiproxy server that runs already. Its toxics know neither owner nor end, so their names say that they are ours,
 * and nothing ends them but us: whoever rolls back finds them by name.
 */
import { SquallError } from '../errors.ts'
import { monotonicMs } from '../system/clock.ts'
import type { ProxyFault } from './fault.ts'
import type { ProxyLease, SeenStatus } from './lease-type.ts'
import { where } from './toxiproxy-client/api.ts'
import { asToxics } from './toxiproxy-client/as-toxics.ts'
import { proxyCalls, type RemoteProxy } from './toxiproxy-client/proxy-calls.ts'
import { changedByOthers, expected, isOurs, toxicsOf } from './toxiproxy-client/put-memory.ts'
import { disabledAlready, putAll } from './toxiproxy-client/put-toxics.ts'
import { readFaults } from './toxiproxy-client/read-toxics.ts'
import { left, limits, type Remote, settled } from './toxiproxy-client/remote.ts'
import { readToxicName } from './toxiproxy-client/toxic-names.ts'

/** One for each proxy and process, since it remembers what was put. */
const remotes = new Map<string, Remote>()

/** `url`: of the API. The server is not asked before something is to be done. */
export function toxiproxyLease(url: string, name: string): Promise<ProxyLease> {
  const key = JSON.stringify([url, name])
  const remote = remotes.get(key) ?? open(url, name)
  remotes.set(key, remote)
  return Promise.resolve({
    check: (faults) => check(remote, faults),
    put: (faults) => putAll(remote, faults),
    remove: (ids) => remove(remote, ids),
    status: () => status(remote),
    changed: (ids) => ids.map((id) => remote.put.get(id)?.changed).find((why) => why !== undefined),
    close() {}, // There is no connection to keep.
  })
}

function open(url: string, name: string): Remote {
  const called = `the proxy ${name} of the Toxiproxy server at ${where(url)}`
  return { name, called, calls: proxyCalls(url, name), put: new Map(), pending: new Set(), isKnown: false }
}

async function check(remote: Remote, faults: readonly ProxyFault[]): Promise<string[]> {
  const wanted = faults.map((fault) => asToxics(fault))
  await remote.calls.checkVersion(limits.look)
  const proxy = await remote.calls.get(limits.look)
  if (wanted.some(({ disables }) => disables) && !proxy.enabled) throw disabledAlready(remote)
  return [...new Set(wanted.flatMap(({ remarks }) => remarks))]
}

async function remove(remote: Remote, ids: readonly string[]): Promise<void> {
  const until = monotonicMs() + limits.change
  for (const id of ids) {
    const own = remote.put.get(id)
    if (own) own.closed = true
  }
  await settled(remote, left(until))
  const proxy = await getIfThere(remote, left(until))
  if (!proxy) return // Taken out of the server, and with it all that was in it.
  for (const id of ids) {
    const own = remote.put.get(id)
    if (own) own.changed ??= changedByOthers(own, expected(own), proxy)
    for (const { toxic, part } of toxicsOf(id, proxy.toxics)) {
      if (!isOurs(own, toxic)) continue
      if (own) own.disabled = false
      own?.there.delete(toxic.name)
      // The mark goes last: as long as it is there, somebody knows that the proxy is to be enabled.
      if (part === 'off' && !proxy.enabled && !own?.changed) await remote.calls.enable(true, { limit: left(until) })
      await remote.calls.remove(toxic.name, { limit: left(until) })
    }
  }
}

async function getIfThere(remote: Remote, limit: number): Promise<RemoteProxy | null> {
  try {
    return await remote.calls.get(limit)
  } catch (error) {
    if (error instanceof SquallError && error.code === 'no-target') return null
    throw error
  }
}

async function status(remote: Remote): Promise<SeenStatus> {
  const before = [...remote.put.values()].map((own) => ({ own, must: expected(own) }))
  const proxy = await remote.calls.get(limits.look)
  for (const { own, must } of before) own.changed ??= changedByOthers(own, must, proxy)
  const ours = proxy.toxics.filter((toxic) => isOurs(remote.put.get(readToxicName(toxic.name)?.id ?? ''), toxic))
  return {
    name: remote.name,
    listen: proxy.listen,
    upstream: proxy.upstream,
    carries: 'bytes',
    accepting: proxy.enabled ? 'open' : 'refuse',
    faults: readFaults(ours, proxy.enabled).map((fault) => ({ fault })),
  }
}
