/** A proxy: takes connections at one address, passes them on to another, and does to them what it is told. */
import type { Socket } from 'node:net'
import { monotonicMs, sleep, wallMs } from '../system/clock.ts'
import { newcomers } from './acceptance.ts'
import { parseAddress } from './address.ts'
import { type Connection, createConnection, type Shared } from './connection.ts'
import { countConnection, descriptorsLeft } from './descriptors.ts'
import { closeOf, resetOf } from './endings.ts'
import type { ConnectionFault, ConnectionStatus, HttpFault, ProxyFault, ProxyStatus } from './fault.ts'
import { callCounter } from './http/counters.ts'
import { faultLog } from './http/fault-log.ts'
import { type LiveRule, liveRule } from './http/live-rule.ts'
import { listenAt } from './listener.ts'
import { loopLagMs } from './loop-lag.ts'
import { type PutFault, putFault, statusOf } from './put-fault.ts'
import { measureAnew } from './stages/stage.ts'

export interface ProxyOptions {
  name: string
  /** `host:port`, `[v6]:port`, `:port`, a path or `unix:/path`. Port 0: any that is free. */
  listen: string
  upstream: string
  carries: 'bytes' | 'http'
  /** A line for each injected HTTP fault, and for what is worth knowing. */
  log?(line: string): void
  onConnectionEnd?(connection: ConnectionStatus): void
}

export interface Proxy {
  /** The address at which it really listens. */
  readonly listen: string
  /** Adds the fault behind those that are there, or changes the one with this id in its place; on live connections too. */
  put(fault: ProxyFault, holder?: string): void
  /** Takes it away; what it holds flows on. False: there was none with this id. */
  remove(id: string): boolean
  status(): ProxyStatus
  connections(): ConnectionStatus[]
  /** Closes the address and all connections. */
  stop(): Promise<void>
}

/** ms for what was sent before the end to be taken, when it stops. */
const farewell = 250

/** Rejects with the system's error when it cannot listen, with `Error` when an address cannot be read. */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const log = options.log ?? (() => {})
  const faults: PutFault[] = []
  const live = new Map<number, Connection>()
  const startedAt = wallMs()
  const counts = { accepted: 0, failedUpstream: 0 }
  let usedAt: number | null = null
  let limitedMs = 0
  let stopped = false
  /** No descriptors are left for more connections. */
  let isFull = false
  const address = parseAddress(options.listen)

  /** Those of the faults that act on requests. */
  const rules = new Map<string, LiveRule>()
  const http = options.carries === 'http' ? { counter: callCounter(), log: faultLog(log), rules: () => [...rules.values()] } : undefined

  const shared: Shared = {
    upstream: parseAddress(options.upstream),
    http,
    faults: () => faults,
    bytes: { up: 0, down: 0 },
    used() {
      usedAt = monotonicMs()
    },
    limited(ms) {
      limitedMs += ms
    },
    failedUpstream(error) {
      counts.failedUpstream++
      // The sum of several attempts has no words of its own.
      log(`no connection to ${options.upstream}: ${error.message || (error as NodeJS.ErrnoException).code}`)
    },
    over(connection) {
      live.delete(connection.id)
      countConnection(-1)
      if (isFull && descriptorsLeft() !== 'none') admit()
      options.onConnectionEnd?.(connection.status())
    },
  }

  function onCaller(socket: Socket): void {
    counts.accepted++
    shared.used()
    const now = newcomers(faults)
    if (now) {
      now.put.acted.connections++
      socket.on('error', () => {}) // It is gone already.
      if (now.how === 'close') return closeOf(socket)
      // Before the address was closed it came still.
      if (now.how === 'reset' || now.how === 'refuse') return resetOf(socket)
    }
    countConnection(1)
    const connection = createConnection(counts.accepted, socket, shared)
    live.set(connection.id, connection)
    if (descriptorsLeft() === 'soon') void listener.prepare()
    else if (!isFull && descriptorsLeft() === 'none') admit()
    for (const put of faults) if (stallsNewcomers(put)) connection.stall(put)
  }

  const listener = await listenAt(address, onCaller, (error) => log(`at ${options.listen}: ${error.message}`))

  if (descriptorsLeft() !== 'enough') await listener.prepare()

  /** Opens or closes the address as the faults want it. */
  function admit(): void {
    const how = newcomers(faults)?.how
    isFull = descriptorsLeft() === 'none'
    // At a Unix socket the kernel always answers: there connections are accepted and nothing passes.
    const hangs = how === 'hang' && 'port' in address
    void listener.want(stopped || how === 'refuse' ? 'closed' : hangs ? 'hang' : isFull ? 'paused' : 'open')
  }

  function begin(put: PutFault): void {
    const { fault } = put
    if (fault.is === 'stream') for (const connection of live.values()) connection.put(put)
    else if (fault.is === 'http') rule(fault)
    else whole(put, fault)
  }

  function rule(fault: HttpFault): void {
    const known = rules.get(fault.id)
    if (known) known.replace(fault)
    else rules.set(fault.id, liveRule(fault))
    for (const connection of [...live.values()]) connection.rulesChanged()
  }

  function whole(put: PutFault, fault: ConnectionFault): void {
    admit()
    for (const connection of [...live.values()]) {
      if (fault.live === 'stall') connection.stall(put)
      else if (fault.live) {
        put.acted.connections++
        connection.finish(fault.live)
      }
    }
  }

  function remove(id: string): boolean {
    const index = faults.findIndex(({ fault }) => fault.id === id)
    if (index < 0) return false
    faults.splice(index, 1)
    if (rules.delete(id)) for (const connection of [...live.values()]) connection.rulesChanged()
    for (const connection of [...live.values()]) connection.remove(id)
    admit()
    return true
  }

  return {
    get listen() {
      return listener.address
    },
    put(fault, holder = '') {
      if (fault.is === 'http' && !http) throw new Error(`the proxy ${options.name} passes on bytes: it sees no requests`)
      const index = faults.findIndex((one) => one.fault.id === fault.id)
      const known = faults[index]
      if (known) known.holder = holder
      // Put again to be held for longer: what it does to connections that exist it has done.
      if (known && JSON.stringify(known.fault) === JSON.stringify(fault)) return
      if (known && isAlike(known.fault, fault)) {
        known.fault = fault
        measureAnew(known.tally)
        return begin(known)
      }
      if (known) remove(fault.id)
      const put = putFault(fault, holder)
      faults.splice(known ? index : faults.length, 0, put)
      begin(put)
    },
    remove,
    status: () => ({
      name: options.name,
      listen: listener.address,
      upstream: options.upstream,
      carries: options.carries,
      pid: process.pid,
      startedAt,
      usedAt: usedAt === null ? null : Math.round(wallMs() - (monotonicMs() - usedAt)),
      accepting: listener.accepting === 'closed' ? 'refuse' : listener.accepting,
      connections: { open: live.size, ...counts },
      bytes: { ...shared.bytes },
      limitedMs: Math.round([...live.values()].reduce((sum, connection) => sum + connection.limitedMs(), limitedMs)),
      loopLagMs: loopLagMs(monotonicMs()),
      faults: faults.map((put) => ({ ...statusOf(put), ...rules.get(put.fault.id)?.status() })),
      ...(http && { http: http.counter.read() }),
    }),
    connections: () => [...live.values()].map((connection) => connection.status()),
    async stop() {
      stopped = true
      const all = [...live.values()]
      for (const connection of all) connection.finish('close')
      await listener.want('closed')
      if (all.length > 0) await Promise.race([Promise.all(all.map((connection) => connection.sent())), sleep(farewell)])
    },
  }
}

/** Those that come get no answer. At a Unix socket, and at the last moment before an address hangs, the kernel has connected them all the same. */
function stallsNewcomers({ fault }: PutFault): boolean {
  return fault.is === 'connections' && (fault.new === 'stall' || fault.new === 'hang')
}

/** Its numbers can change while it acts; otherwise the one goes and the other comes. */
function isAlike(one: ProxyFault, other: ProxyFault): boolean {
  if (one.is === 'stream' && other.is === 'stream') return one.act.is === other.act.is && one.direction === other.direction
  return one.is === 'http' && other.is === 'http'
}
