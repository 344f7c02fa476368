/** `from: proxy:NAME`: what passes through a proxy of ours, counted there. The difference of two of its counters is the reading of a second. */
import type { ProxySpec } from '../document/experiment.ts'
import type { HttpCounters, ProxyStatus } from '../proxy/fault.ts'
import { proxyLease } from '../proxy/life/lease.ts'
import { monotonicMs } from '../system/clock.ts'
import { oncePerTick } from './per-tick.ts'
import type { Reading, Source } from './source.ts'

export interface MeasuredProxy {
  proxy: ProxySpec
  /** Of its control. */
  socket: string
}

/** Since when nothing is known of it, there is nothing to take a difference with. */
interface Seen {
  status: ProxyStatus
  /** ms, monotonic. */
  at: number
  before?: { status: ProxyStatus; at: number }
}

const last = new WeakMap<MeasuredProxy, { status: ProxyStatus; at: number }>()

const seeProxy = oncePerTick(async (config: MeasuredProxy): Promise<Seen> => {
  const status = await statusOf(config)
  const [before, at] = [last.get(config), monotonicMs()]
  last.set(config, { status, at })
  // Counters of a process that was started anew begin at nothing.
  return { status, at, ...(before?.status.startedAt === status.startedAt && { before }) }
})

async function statusOf({ socket }: MeasuredProxy): Promise<ProxyStatus> {
  return (await proxyLease(socket)).status()
}

/** Which measures there are is checked with the document: a proxy that passes on bytes has connections only. */
export const proxySource: Source<MeasuredProxy> = {
  type: 'proxy',
  config: undefined as never,
  needs: () => [],
  async check(config) {
    try {
      // Nothing is remembered of it: the first reading follows at once, and a rate of so short a time would be chance.
      await statusOf(config)
      return { step: 1000, problems: [] }
    } catch (error) {
      return { step: 1000, problems: [(error as Error).message] }
    }
  },
  async now(config, query, context) {
    const { status, at, before } = await seeProxy(config, context)
    if (query === 'connections') return { value: status.connections.open }
    if (!before) return { missing: 'the proxy has just begun to count' }
    if (!status.http || !before.status.http) return { missing: 'the proxy passes on bytes and sees no calls' }
    return { over: at - before.at, ...readingOf(query, status.http, before.status.http, at - before.at) }
  },
}

/** `over`: ms between the two. */
function readingOf(query: string, now: HttpCounters, before: HttpCounters, over: number): Reading {
  const [started, ended] = [now.started - before.started, now.ended - before.ended]
  const strange = now.notFollowed - before.notFollowed
  if (started === 0 && ended === 0 && strange > 0) return { missing: `${strange} connections carried something else than HTTP/1.1` }
  if (query === 'throughput') return { value: (1000 * started) / Math.max(1, over) }
  if (ended === 0) return { missing: 'no call ended in this time' }
  if (query === 'error_rate') return { bad: now.bad - before.bad, total: ended }
  return {
    buckets: now.latency.map(([le, count], index) => [le ?? Number.POSITIVE_INFINITY, count - (before.latency[index]?.[1] ?? 0)]),
  }
}
