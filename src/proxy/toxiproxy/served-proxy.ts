/** One proxy of the API: its listener comes and goes with `enabled`, its toxics stay with it. */
import type { Direction, FaultStatus } from '../fault.ts'
import { type Proxy, startProxy } from '../proxy.ts'
import { ApiError } from './answer.ts'
import { inOrder, type ProxySpec } from './bodies.ts'
import type { ByteCounts, Carried } from './byte-counts.ts'
import { AddressError, dialled, type ListenAddress, listenFailure, resolveListen, sameListener } from './listen-address.ts'
import type { Log } from './log.ts'
import { faultOf, type Toxic } from './toxics.ts'

/** What all proxies of a server share. */
export interface Surroundings {
  log: Log
  counts: ByteCounts
  /** Makes the draws of all toxics repeatable. */
  seed: number
  start: typeof startProxy
}

export const usualStart = startProxy

export interface ServedProxy {
  /** As it is now: `listen` is what was really taken, once it was started. */
  readonly spec: Readonly<ProxySpec>
  readonly toxics: readonly Toxic[]
  /** `until`, here and below: the monotonic clock when looking up a name is given up. @throws AddressError, ApiError */
  start(until: number): Promise<void>
  stop(): Promise<void>
  /** Whether a proxy with this spec would listen elsewhere or lead elsewhere; `text`: no, but it would call its address by another name. */
  differs(other: ProxySpec, until: number): Promise<boolean | 'text'>
  move(listen: string, upstream: string): void
  /** Adds it, or takes the place of the one with its name. */
  put(toxic: Toxic): void
  remove(name: string): boolean
}

export function servedProxy(first: ProxySpec, { log, counts, seed, start }: Surroundings): ServedProxy {
  const spec: ProxySpec = { ...first, enabled: false }
  let toxics: Toxic[] = []
  let running: { proxy: Proxy; lost: Lost } | null = null
  const fields = (): Record<string, string> => ({ name: spec.name, listen: spec.listen, upstream: spec.upstream })
  const put = (proxy: Proxy, toxic: Toxic): void => proxy.put(faultOf(toxic, seedOf(seed, spec.name, toxic.name)))

  const listen = (address: ListenAddress): Promise<Proxy> => {
    const startAt = (text: string): Promise<Proxy> =>
      start({
        name: spec.name,
        listen: text,
        upstream: dialled(spec.upstream),
        carries: 'bytes',
        log: (line) => log('error', line, fields()), // Only what went wrong is told.
      })
    if (!address.wildcard) return startAt(address.text)
    return startAt(`[::]:${address.port}`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EAFNOSUPPORT' && error.code !== 'EADDRNOTAVAIL') throw error
      return startAt(`0.0.0.0:${address.port}`) // A machine without IPv6.
    })
  }

  return {
    spec,
    get toxics() {
      return toxics
    },
    async start(until) {
      if (running) return
      const address = await resolveListen(spec.listen, until).catch((error: Error) => {
        throw error instanceof AddressError ? new AddressError(`listen tcp: ${error.message}`) : error
      })
      const proxy = await listen(address).catch((error: unknown) => {
        throw new ApiError(listenFailure(address, error), 500)
      })
      const lost: Lost = { up: 0, down: 0 }
      running = { proxy, lost }
      spec.listen = proxy.listen
      spec.enabled = true
      for (const toxic of inOrder(toxics)) put(proxy, toxic)
      counts.follow(spec, () => carriedBy(proxy, lost))
      log('info', 'Started proxy', fields())
    },
    async stop() {
      if (!running) return
      const { proxy } = running
      running = null
      spec.enabled = false
      counts.settle(spec)
      await proxy.stop()
      log('info', 'Terminated proxy', fields())
    },
    async differs(other, until) {
      const wanted = await resolveListen(other.listen, until)
      // What it listens on now stands there in figures; of a stopped one it may be any text.
      const now = other.listen === spec.listen ? wanted : await resolveListen(spec.listen, until).catch(() => null)
      if (other.upstream !== spec.upstream || now === null || !sameListener(now, wanted)) return true
      return wanted.text !== spec.listen && 'text'
    },
    move(newListen, newUpstream) {
      spec.listen = newListen
      spec.upstream = newUpstream
    },
    put(toxic) {
      const at = toxics.findIndex(({ name }) => name === toxic.name)
      toxics = at < 0 ? [...toxics, toxic] : toxics.with(at, toxic)
      if (running) put(running.proxy, toxic)
    },
    remove(name) {
      const left = toxics.filter((toxic) => toxic.name !== name)
      if (left.length === toxics.length) return false
      toxics = left
      if (running) {
        addLost(
          running.lost,
          running.proxy.status().faults.filter(({ fault }) => fault.id === name),
        )
        running.proxy.remove(name)
      }
      return true
    },
  }
}

/** Bytes that toxics have thrown away. */
type Lost = Record<Direction, number>

function addLost(lost: Lost, faults: readonly FaultStatus[]): void {
  for (const { fault, acted } of faults)
    if (fault.is === 'stream' && ['drop', 'cut', 'reset'].includes(fault.act.is)) lost[fault.direction] += acted.bytes
}

/** What was received and neither waits nor was thrown away, by toxics that are there or were, has been sent. */
function carriedBy(proxy: Proxy, lostBefore: Lost): Carried {
  const { connections, bytes, faults } = proxy.status()
  const missing = { ...lostBefore }
  addLost(missing, faults)
  for (const { held } of proxy.connections()) {
    missing.up += held.up
    missing.down += held.down
  }
  const both = (way: Direction): Carried['up'] => ({ received: bytes[way], sent: Math.max(0, bytes[way] - missing[way]) })
  return { accepted: connections.accepted, up: both('up'), down: both('down') }
}

/** A toxic draws the same whatever else there is: its seed comes from its names. */
function seedOf(base: number, ...names: string[]): number {
  let hash = (0x811c9dc5 ^ base) >>> 0
  for (const letter of names.join('\n')) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return hash
}
