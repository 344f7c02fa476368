/** Ending a proxy for people: asked for by its name or its address. */
import { SquallError } from '../../errors.ts'
import { sleep, within } from '../../system/clock.ts'
import { aliveSame } from '../../system/proc.ts'
import { connectProxy } from './lease.ts'
import type { ListedProxy } from './list.ts'
import { plainListen } from './place.ts'

/** ms for the last bytes to go out. */
const endLimit = 10_000

/** The one of this name, or at this address. @throws SquallError `proxy-not-found`, or `usage` when the name is not enough */
export function findProxy(wanted: string, proxies: readonly ListedProxy[]): ListedProxy {
  const at = proxies.find(({ entry }) => plainListen(entry.listen) === plainListen(wanted))
  if (at) return at
  const named = proxies.filter(({ entry }) => entry.name === wanted)
  if (named.length > 1) {
    const addresses = named.map(({ entry }) => entry.listen)
    throw new SquallError('usage', `${wanted} may be ${addresses.join(' or ')}`, {
      hint: `Name its address: squall proxy stop ${addresses[0]}.`,
    })
  }
  if (!named[0]) throw new SquallError('proxy-not-found', `no proxy ${wanted} is there`)
  return named[0]
}

/** Resolves when it is gone. @throws SquallError `proxy-in-use` when a run holds it; `proxy-failed` when it does not answer */
export async function stopProxy({ entry, socket }: ListedProxy): Promise<void> {
  const { name, pid, start } = entry
  const lease = await connectProxy(socket)
  if (!lease) return
  const gone = new Promise<void>((resolve) => lease.onEnd(resolve))
  const tooLong = (): SquallError =>
    new SquallError('proxy-failed', `the proxy ${name} does not end`, { hint: `kill -KILL ${pid} ends it.` })
  try {
    await lease.stop('held')
    await within(gone, endLimit, tooLong)
    for (let waited = 0; aliveSame(pid, start); waited += 10) {
      if (waited > endLimit) throw tooLong()
      await sleep(10)
    }
  } finally {
    lease.close()
  }
}
