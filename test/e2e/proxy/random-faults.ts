/** Faults that harm no byte, coming and going at random; the same seed gives the same ones. */
import type { ProxyFault, StreamAct } from '../../../src/proxy/fault.ts'
import { sleep } from '../../../src/system/clock.ts'
import type { ProxyProcess } from './start.ts'

type Random = () => number

/** Puts, changes and takes away until `over`; then all are gone. Returns how many changes there were. */
export async function churn(proxy: ProxyProcess, random: Random, over: () => boolean): Promise<number> {
  const ids = new Set<string>()
  let changes = 0
  for (; !over(); changes++) {
    const id = `f${Math.floor(random() * 6)}`
    if (ids.has(id) && random() < 0.5) {
      ids.delete(id)
      await proxy.remove(id)
    } else {
      ids.add(id)
      await proxy.put(harmless(id, random))
    }
    await sleep(random() * 12)
  }
  for (const id of ids) await proxy.remove(id)
  return changes
}

function harmless(id: string, random: Random): ProxyFault {
  // All that stands still is short, because the next change comes soon.
  if (random() < 0.1) return { is: 'connections', id, live: 'stall' }
  const acts: StreamAct[] = [
    { is: 'delay', ms: random() * 40, jitter: random() * 20 },
    { is: 'delay', ms: 0, jitter: 0 },
    { is: 'rate', bytesPerSecond: Math.round(1e6 * 20 ** random()) },
    { is: 'rate', bytesPerSecond: 0 },
    { is: 'slice', size: Math.round(100 * 100 ** random()), variation: 50, pauseUs: Math.round(random() * 100) },
    { is: 'slow close', ms: random() * 50 },
    { is: 'noop' },
  ]
  const act = acts[Math.floor(random() * acts.length)] as StreamAct
  return { is: 'stream', id, direction: random() < 0.5 ? 'up' : 'down', share: random() < 0.5 ? 1 : random(), seed: 1, act }
}
