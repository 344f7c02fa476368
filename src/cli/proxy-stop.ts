/** `squall proxy stop NAME`: ends proxies that runs have left. Never one that a run holds. */
import { SquallError } from '../errors.ts'
import { listProxies } from '../proxy/life/list.ts'
import { findProxy, stopProxy } from '../proxy/life/stop.ts'
import { stateDir } from '../system/paths.ts'
import type { Command } from './context.ts'

/** Exit 0: all that were named are gone. */
const proxyStop: Command<{ all?: boolean }> = async (names, { all }, context) => {
  if (all === true ? names.length > 0 : names.length === 0)
    throw new SquallError('usage', 'name the proxies to end, or write --all', { hint: 'squall proxy list shows those that are there.' })
  const listed = await listProxies(stateDir())
  const wanted = all ? listed : names.map((name) => findProxy(name, listed))
  const stopped: { name: string; listen: string }[] = []
  const refused: SquallError[] = []
  for (const proxy of wanted) {
    const { name, listen } = proxy.entry
    try {
      await stopProxy(proxy)
      stopped.push({ name, listen })
      if (!context.json) context.out(`${name} at ${listen} is gone: nobody listens there any more`)
    } catch (error) {
      if (!(error instanceof SquallError)) throw error
      refused.push(error)
    }
  }
  const [first, ...others] = refused
  for (const other of others) context.err(other.message)
  if (first) throw first
  if (context.json) context.out(JSON.stringify({ schema: 'squall.proxies-stopped/1', stopped }, null, 2))
  else if (wanted.length === 0) context.out('no proxy is there')
  return 0
}
export default proxyStop
