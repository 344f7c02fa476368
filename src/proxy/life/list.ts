/** The proxies of this state as `squall proxy list` shows them; what dead ones left is taken away. */
import type { ProxyStatus } from '../fault.ts'
import { connectProxy } from './lease.ts'
import type { ProxyPlace } from './place.ts'
import { type Hello, protocolVersion } from './protocol.ts'
import { type RegistryEntry, readEntry, registeredPlaces, removeDead } from './registry.ts'

export interface ListedProxy {
  entry: RegistryEntry
  socket: string
  holders: string[]
  /** Absent: it does not answer, or is of a Squall that speaks another language. */
  status?: ProxyStatus
}

export async function listProxies(state?: string): Promise<ListedProxy[]> {
  const found = await Promise.all(registeredPlaces(state).map(look))
  return found.flatMap((one) => one ?? [])
}

async function look(place: ProxyPlace): Promise<ListedProxy | null> {
  const lease = await connectProxy(place.socket).catch(() => null)
  try {
    if (!lease) {
      if (removeDead(place)) return null
      const entry = readEntry(place)
      return entry && { entry, socket: place.socket, holders: [] }
    }
    const { hello: _, holders, ...entry }: Hello = lease.hello
    const status = entry.protocol === protocolVersion ? await lease.status().catch(() => undefined) : undefined
    return { entry, socket: place.socket, holders, ...(status && { status }) }
  } finally {
    lease?.close()
  }
}
