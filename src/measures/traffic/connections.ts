/**
 * Connections to the targets: as many as there are open requests, kept alive, never two requests on one.
 * Not undici's Pool: it looks through all its connections for each request, so that some thousand hung ones slow the load down until it collapses
 * (measured: at 5,000/s start lag went from 1 ms to over 1 s and stayed there). Here a free one is at the top of a stack.
 */
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector, Client, type Dispatcher } from 'undici'
import type { Traffic } from '../../document/experiment.ts'

/** A handler that learns which connection it is on before anything is sent. */
export interface OnConnection extends Dispatcher.DispatchHandler {
  connection: Connection | null
}

export interface Prepared {
  dispatch(handler: OnConnection): void
}

export interface Connections {
  /** One for each request of the mix, in its order. */
  prepared: Prepared[]
  /** Ends all connections at once. */
  destroy(): void
}

/** @throws TypeError for an address that is no URL, InvalidArgumentError for one that is not http or https. */
export function openConnections(traffic: Traffic, identity: { version: string; runId: string; address?: string }): Connections {
  const origins = new Map<string, Origin>()
  // HTTP/2 would put all requests on one connection. The exchange has the exact deadline; this one is a second line.
  const connector = buildConnector({ allowH2: false, timeout: traffic.timeout + 1000, ...pinned(identity.address) })
  const prepared = traffic.requests.map((request) => {
    const url = new URL(request.url)
    const origin = origins.get(url.origin) ?? new Origin(url.origin, connector)
    origins.set(url.origin, origin)
    const headers = withIdentity(request.headers, identity)
    const options: Dispatcher.DispatchOptions = {
      path: url.pathname + url.search,
      method: request.method as Dispatcher.HttpMethod,
      headers,
      body: request.body,
    }
    return { dispatch: (handler: OnConnection) => origin.take().send(options, handler) }
  })
  return {
    prepared,
    destroy() {
      for (const origin of origins.values()) origin.destroy()
    },
  }
}

/** Whatever name is asked for means this address. */
function pinned(address: string | undefined): { lookup?: LookupFunction } {
  if (address === undefined) return {}
  const family = isIP(address)
  return {
    lookup: (_name, { all }, callback) => (all ? callback(null, [{ address, family }]) : callback(null, address, family)),
  }
}

/** All connections to one origin. */
class Origin {
  readonly #url: string
  readonly #connector: buildConnector.connector
  readonly #all = new Set<Connection>()
  #free: Connection[] = []

  constructor(url: string, connector: buildConnector.connector) {
    this.#url = url
    this.#connector = connector
    new Connection(url, connector, this).destroy() // An address that cannot be used is told now, not at the first request.
  }

  take(): Connection {
    for (let connection = this.#free.pop(); connection; connection = this.#free.pop()) if (!connection.gone) return connection
    const connection = new Connection(this.#url, this.#connector, this)
    this.#all.add(connection)
    return connection
  }

  free(connection: Connection): void {
    this.#free.push(connection)
  }

  /** After a burst most free ones go within a moment: the stack is cleared of them when they are the most. */
  forget(connection: Connection): void {
    this.#all.delete(connection)
    if (this.#free.length > 16 && this.#free.length > 2 * this.#all.size) this.#free = this.#free.filter(({ gone }) => !gone)
  }

  destroy(): void {
    for (const connection of [...this.#all]) connection.destroy()
  }
}

/** One connection, made when it is first used. */
export class Connection {
  readonly #client: Client
  readonly #origin: Origin
  #socket: { destroy(): unknown } | undefined
  #busy = false
  gone = false

  constructor(url: string, connector: buildConnector.connector, origin: Origin) {
    this.#origin = origin
    this.#client = new Client(url, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, callback) => {
        // The connector gives the socket back at once, before it is connected: the only hold on a connect that hangs.
        this.#socket = connector(options, callback) as unknown as { destroy(): unknown }
        return this.#socket
      },
    })
    this.#client.on('disconnect', () => {
      if (!this.#busy) this.destroy()
    })
  }

  send(options: Dispatcher.DispatchOptions, handler: OnConnection): void {
    this.#busy = true
    handler.connection = this
    this.#client.dispatch(options, handler)
  }

  /** The answer was read to its end: the next request may come. */
  release(): void {
    this.#busy = false
    if (!this.gone) this.#origin.free(this)
  }

  /** Ends it at whatever stage it is, also while it is being made. */
  destroy(): void {
    if (this.gone) return
    this.gone = true
    void this.#client.destroy(new Error('given up'))
    this.#socket?.destroy()
    this.#origin.forget(this)
  }
}

/** So that a run's requests can be told apart in logs. What the author gave stays; the run's id is always ours. */
function withIdentity(given: Record<string, string>, identity: { version: string; runId: string }): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': `squall/${identity.version}` }
  for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = value
  headers['x-squall-run'] = identity.runId
  return headers
}
