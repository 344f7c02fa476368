/** Who has put what into a proxy, and for how long: the end of the connection or the time clears it. */
import { bootMs, wallMs } from '../../system/clock.ts'
import type { ProxyFault } from '../fault.ts'
import type { Proxy } from '../proxy.ts'

/** One connection to the control socket; only its identity matters. */
export type Holder = object

export interface Holdings {
  /** @throws what the proxy says of a fault it cannot do; then none of them is there. */
  put(by: Holder, faults: readonly ProxyFault[], name: string, until: number): void
  remove(ids: readonly string[]): void
  lease(by: Holder, name: string): void
  /** Clears all that came with it. */
  ended(by: Holder): void
  /** Runs that hold the proxy (`r1` of `r1/fault`), each once, without `except`. */
  holders(except?: Holder): string[]
  /** ms since the epoch when the last one ended; null: nobody ever held it, or somebody does. */
  freeSince(): number | null
}

interface Put {
  by: Holder
  name: string
  cancel(): void
}

export function createHoldings(proxy: Pick<Proxy, 'put' | 'remove'>, log: (line: string) => void): Holdings {
  const puts = new Map<string, Put>()
  const leases = new Map<Holder, string>()
  let free: number | null = null

  function clear(ids: readonly string[]): void {
    for (const id of ids) {
      puts.get(id)?.cancel()
      puts.delete(id)
      proxy.remove(id)
    }
    noteFree()
  }
  const holders = (except?: Holder): string[] => {
    const all = [...leases, ...[...puts.values()].map(({ by, name }) => [by, name] as const)]
    return [...new Set(all.flatMap(([by, name]) => (by === except ? [] : (name.split('/')[0] ?? name))))]
  }
  function noteFree(): void {
    if (leases.size === 0 && puts.size === 0) free = wallMs()
  }

  return {
    put(by, faults, name, until) {
      const done: string[] = []
      try {
        for (const fault of faults) {
          proxy.put(fault, name)
          done.push(fault.id)
          puts.get(fault.id)?.cancel()
          const expire = (): void => {
            log(`${fault.id}: its time is over`)
            clear([fault.id])
          }
          puts.set(fault.id, { by, name, cancel: atTime(until, expire) })
        }
      } catch (error) {
        clear(done)
        throw error
      }
    },
    remove: clear,
    lease: (by, name) => void leases.set(by, name),
    ended(by) {
      leases.delete(by)
      const left = [...puts].flatMap(([id, put]) => (put.by === by ? id : []))
      if (left.length > 0) log(`cleared, since who had put it is gone: ${left.join(', ')}`)
      clear(left)
    },
    holders,
    freeSince: () => (holders().length === 0 ? free : null),
  }
}

/** By the time since boot, so that a machine that slept does not hold on for longer. Returns how to call it off. */
function atTime(until: number, act: () => void): () => void {
  const end = bootMs() + (until - wallMs())
  let timer: NodeJS.Timeout
  const wait = (): void => {
    const left = end - bootMs()
    if (left <= 0) act()
    else timer = setTimeout(wait, Math.min(left, 1_000))
  }
  timer = setTimeout(wait, Math.max(0, Math.min(until - wallMs(), 1_000)))
  return () => clearTimeout(timer)
}
