/**
 * The proof that what the faults at proxies will act on really passes there: otherwise nothing would happen, and a run in which nothing
 * happened would look like a system that bears everything.
 */
import type { Experiment, ProxySpec } from '../document/experiment.ts'
import { proxyLease } from '../proxy/life/lease.ts'
import { proxySocket } from '../proxy/life/place.ts'

export interface ProxyProof {
  /** Proxies of faults through which nothing has passed since the run began: a sentence each. */
  unused(): Promise<string[]>
}

type Own = ProxySpec & { listen: string; upstream: string }

/** What has passed, and by which process: one that was started anew counts from nothing. */
interface Passed {
  startedAt: number
  amount: number
}

/** To be called when the proxies stand and before the load begins. */
export async function beginProof(experiment: Experiment, note: (level: 'info' | 'warn', text: string) => void): Promise<ProxyProof> {
  const used = experiment.proxies.filter(({ name }) =>
    experiment.faults.some(({ target }) => target?.place === 'proxy' && target.query.name === name),
  )
  const own = used.filter((proxy): proxy is Own => 'listen' in proxy)
  for (const { name } of used.filter((proxy) => !('listen' in proxy)))
    note('info', `whether anything passes through ${name} cannot be told: a Toxiproxy server does not say`)
  const before = new Map(await Promise.all(own.map(async (proxy) => [proxy, await passedThrough(proxy)] as const)))

  async function isUnused(proxy: Own): Promise<boolean> {
    const [then, now] = [before.get(proxy), await passedThrough(proxy)]
    if (!now) return false // It does not answer: that is another mistake, which the guardian tells.
    return now.amount === (then?.startedAt === now.startedAt ? then.amount : 0)
  }
  return {
    async unused() {
      const idle = await Promise.all(own.map(async (proxy) => ((await isUnused(proxy)) ? [proxy] : [])))
      return idle
        .flat()
        .map(
          ({ name, listen, upstream }) =>
            `nothing passed through the proxy ${name}; point your service at ${listen} instead of ${upstream}`,
        )
    },
  }
}

async function passedThrough({ listen }: Own): Promise<Passed | null> {
  try {
    const { startedAt, connections, bytes } = await (await proxyLease(proxySocket(listen))).status()
    return { startedAt, amount: connections.accepted + bytes.up + bytes.down }
  } catch {
    return null
  }
}
