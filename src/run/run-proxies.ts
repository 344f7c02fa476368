/** The proxies of a run as the runner knows them: what their death means, and what stays when the run is over. */
import type { FromGuardian, RunProxy } from '../guardian/protocol.ts'

type Died = Extract<FromGuardian, { say: 'proxy died' }>

export interface ProxyBook {
  armed(proxies: readonly RunProxy[]): void
  died(message: Died): void
  /** Those that listen now. */
  living(): RunProxy[]
}

export function createProxyBook(): ProxyBook {
  const living = new Map<string, RunProxy>()
  return {
    armed(proxies) {
      for (const proxy of proxies) living.set(proxy.name, proxy)
    },
    died({ dead, again }) {
      if (again) living.set(again.name, again)
      else living.delete(dead.name)
    },
    living: () => [...living.values()],
  }
}

export function diedSentence({ dead: { name, listen, pid }, again, why }: Died): string {
  const died = `the proxy ${name} at ${listen} (pid ${pid}) died during the run`
  return again ? `${died}; it was started again without faults (pid ${again.pid})` : `${died} and could not be started again: ${why}`
}

export function staysSentence({ name, listen, upstream, pid }: RunProxy): string {
  return `the proxy ${name} still passes on from ${listen} to ${upstream} (pid ${pid}); squall proxy stop ${name} ends it`
}
