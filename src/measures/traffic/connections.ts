/** Connections to the targets: as many as there are open requests, kept alive, never two requests on one. */
import { type Dispatcher, Pool } from 'undici'
import type { Traffic } from '../../document/experiment.ts'

export interface Prepared {
  dispatch(handler: Dispatcher.DispatchHandler): void
}

export interface Connections {
  /** One for each request of the mix, in its order. */
  prepared: Prepared[]
  /** Ends all connections at once. */
  destroy(): Promise<void>
}

/** @throws TypeError for an address that is no URL, InvalidArgumentError for one that is not http or https. */
export function openConnections(traffic: Traffic, identity: { version: string; runId: string }): Connections {
  const pools = new Map<string, Pool>()
  const poolOf = (origin: string): Pool => {
    let pool = pools.get(origin)
    if (!pool) {
      // No limit: a target that hangs must not hold up the next request. HTTP/2 would put all on one connection.
      // The exchange has the exact deadline; the connect timeout only tidies up sockets nobody waits for any more.
      pool = new Pool(origin, { connections: null, pipelining: 1, allowH2: false, connectTimeout: traffic.timeout, headersTimeout: 0, bodyTimeout: 0 })
      pools.set(origin, pool)
    }
    return pool
  }
  const prepared = traffic.requests.map((request) => {
    const url = new URL(request.url)
    const pool = poolOf(url.origin)
    const headers = withIdentity(request.headers, identity)
    const options: Dispatcher.DispatchOptions = { path: url.pathname + url.search, method: request.method as Dispatcher.HttpMethod, headers, body: request.body }
    return { dispatch: (handler: Dispatcher.DispatchHandler) => void pool.dispatch(options, handler) }
  })
  return {
    prepared,
    destroy: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    },
  }
}

/** So that a run's requests can be told apart in logs. What the author gave stays; the run's id is always ours. */
function withIdentity(given: Record<string, string>, identity: { version: string; runId: string }): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': `squall/${identity.version}` }
  for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = value
  headers['x-squall-run'] = identity.runId
  return headers
}
