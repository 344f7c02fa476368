/** Proxies that forward now, as other commands mention them. */
import { existsSync } from 'node:fs'
import type { ListedProxy } from '../proxy/life/list.ts'
import { proxiesDir } from '../proxy/life/place.ts'

/** Most commands find no such folder, and load nothing then. */
export async function proxiesLeft(state: string): Promise<ListedProxy[]> {
  if (!existsSync(proxiesDir(state))) return []
  const { listProxies } = await import('../proxy/life/list.ts')
  return listProxies(state)
}

export function leftLine({ entry: { name, listen, upstream, pid }, holders, status }: ListedProxy): string {
  const does = status ? `passes on from ${listen} to ${upstream}` : `at ${listen} does not answer`
  const end = holders.length > 0 ? `held by ${holders.join(', ')}` : `squall proxy stop ${name} ends it`
  return `the proxy ${name} ${does} (pid ${pid}); ${end}`
}
