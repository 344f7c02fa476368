/** Faults that harm no byte, coming and going at random; the same seed gives the same ones. */
import type { ProxyFault, StreamAct } from '../../../src/proxy/fault.ts'
import type { HttpAct } from '../../../src/proxy/http/rule.ts'
import { sleep } from '../../../src/system/clock.ts'
import type { ProxyProcess } from './start.ts'

type Random = () => number

/** Puts, changes and takes away until `over`; then all are gone. Returns how many changes there were. */
export async function churn(proxy: ProxyProcess, random: Random, over: () => boolean, make = harmless): Promise<number> {
  const ids = new Set<string>()
  let changes = 0
  for (; !over(); changes++) {
    const id = `f${Math.floor(random() * 6)}`
    if (ids.has(id) && random() < 0.5) {
      ids.delete(id)
      await proxy.remove(id)
    } else {
      ids.add(id)
      await proxy.put(make(id, random))
    }
    await sleep(random() * 12)
  }
  for (const id of ids) await proxy.remove(id)
  return changes
}

export function harmless(id: string, random: Random): ProxyFault {
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

/** Also some that act on the requests of one path only, and leave an answer whole. */
export function harmlessOrTouching(id: string, random: Random): ProxyFault {
  if (random() < 0.5) return harmless(id, random)
  const acts: HttpAct[] = [
    { is: 'delay', ms: random() * 30, jitter: 5, shape: 'uniform' },
    { is: 'answer', status: 503, fields: { 'retry-after': '1' }, body: 'not now' },
    { is: 'lose', by: 502 },
    { is: 'change', status: 418, body: '{"changed":true}', set: { 'x-changed': '1' }, remove: ['x-number'] },
    { is: 'rewrite', body: 'another body', set: { 'x-rewritten': '1' } },
    { is: 'slow', bytesPerSecond: 3_000_000 },
    { is: 'quota', calls: 2, per: 20, status: 429 },
  ]
  const act = acts[Math.floor(random() * acts.length)] as HttpAct
  const at = random() < 0.5 ? 'request' : 'answer'
  return {
    is: 'http',
    id,
    seed: 1,
    rule: { match: { path: '/touched' }, except: [], when: { share: random() < 0.5 ? 1 : 0.5 }, at, acts: [act] },
  }
}
