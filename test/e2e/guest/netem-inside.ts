/** Runs in the guest, where there is netem: puts each fault on the packets between two namespaces, and prints what was seen as JSON. */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { testInjector } from '../../../src/faults/conformance.ts'
import { network } from '../../../src/faults/host/network.ts'
import type { Context, Json, Look, Target } from '../../../src/faults/injector.ts'
import type { PacketSpec } from '../../../src/faults/packets/spec.ts'
import { layCable } from '../../helpers/netns.ts'

/** What each fault did to pings, and to the set-up that was there. */
export interface Seen {
  [name: string]: { ping?: Pings; other?: Pings; look: Look; same: boolean } | { failed: string }
}

export interface Pings {
  sent: number
  received: number
  doubled: number
  /** ms. */
  rtt: { least: number; mean: number; most: number }
  inOrder: boolean
}

const there = '10.77.0.2'
const cable = layCable()
const seen: Seen = {}

function ping(address: string, count = 10, gap = 0.05): Pings {
  const text = cable.tries('ping', '-c', String(count), '-i', String(gap), '-W', '2', address)
  const [, least = '', mean = '', most = ''] = /rtt [^=]*= ([\d.]+)\/([\d.]+)\/([\d.]+)/.exec(text) ?? []
  const order = [...text.matchAll(/icmp_seq=(\d+) .*?(DUP!)?$/gm)].filter(([, , again]) => !again).map(([, number]) => Number(number))
  return {
    sent: count,
    received: Number(/(\d+) received/.exec(text)?.[1] ?? 0),
    doubled: Number(/\+(\d+) duplicates/.exec(text)?.[1] ?? 0),
    rtt: { least: Number(least), mean: Number(mean), most: Number(most) },
    inOrder: order.every((number, index) => index === 0 || number > (order[index - 1] ?? 0)),
  }
}

/** A flow of TCP for some seconds. */
async function bulk(back: boolean): Promise<void> {
  const start = (end: string, ...argv: string[]): ReturnType<typeof spawn> =>
    spawn('ip', ['netns', 'exec', end, 'iperf3', ...argv], { stdio: 'ignore' })
  const server = start(cable.there, '-s', '-1')
  await sleep(1_500)
  const client = start(cable.here, '-c', there, '-t', '3', ...(back ? ['-R'] : []))
  await Promise.race([new Promise((resolve) => client.once('close', resolve)), sleep(8_000)])
  for (const one of [client, server]) one.kill('SIGKILL')
}

/** Starting a program takes half a second here: what a fault of tc could leave, in one. */
const qdiscs = (): string => cable.run('tc', 'qdisc', 'show')

let faults = 0
async function during(name: string, spec: PacketSpec, host: string, measure: () => Promise<object> | object): Promise<void> {
  const narrowing = { netns: cable.here, to: { host } } as unknown as Json
  const target: Target = { place: 'host', id: 'local', name: 'this host', facts: { narrowing } }
  const context = {
    mark: `guest/${++faults}`,
    deadline: new Date(Date.now() + 60_000),
    signal: new AbortController().signal,
  } as Context<Json>
  const before = qdiscs()
  try {
    const { state } = await network.plan(spec, target, context)
    await network.inject(state, context)
    const measured = await measure()
    const look = await network.look(state, context)
    await network.rollback(state, context)
    const after = await network.look(state, context)
    seen[name] = { ...measured, look, same: qdiscs() === before && !after.active }
  } catch (error) {
    seen[name] = { failed: (error as Error).message }
  }
}

const tc = (...words: string[]): string => cable.run('tc', ...words)
try {
  await during('delay', { delay: 100 }, there, () => ({ ping: ping(there, 5), other: ping('fd77::2', 3) }))
  await during('delay-v6', { delay: 100, direction: 'in' }, 'fd77::2', () => ({ ping: ping('fd77::2', 5), other: ping(there, 3) }))
  await during('jitter', { delay: 100, jitter: 40 }, there, () => ({ ping: ping(there, 100, 0.01) }))
  await during('reorder', { delay: 50, reorder: 0.25 }, there, () => ({ ping: ping(there, 100, 0.01) }))
  await during('damage', { duplicate: 0.2, corrupt: 0.2 }, there, () => ({ ping: ping(there, 300, 0.005) }))
  await during('loss', { loss: 0.01, delay: 1 }, there, async () => (await bulk(false), {}))
  await during('loss-in', { loss: 0.01, delay: 1, direction: 'in' }, there, async () => (await bulk(true), {}))
  tc('qdisc', 'add', 'dev', 'v0', 'root', 'handle', '7:', 'netem', 'delay', '50ms')
  await during('below-netem', { delay: 100 }, there, () => ({ ping: ping(there, 5) }))
  tc('qdisc', 'del', 'dev', 'v0', 'root')
} finally {
  cable.remove()
}

const checks = testInjector(network as never, {
  world() {
    const own = layCable()
    const narrowing = { netns: own.here, to: { host: there } } as unknown as Json
    return Promise.resolve({
      target: { place: 'host', id: 'local', name: 'this host', facts: { narrowing } },
      spec: { delay: 50, loss: 0.01 },
      doses: [{ delay: 80, loss: 0.02, bandwidth: 1e6 }, { delay: 20 }],
      isThere: () => own.tries('tc', 'qdisc', 'show').includes('netem'),
      destroy: own.remove,
      cleanUp: own.remove,
    })
  },
})
// Those in which this way of doing it differs; the whole suite has gone through nft and tbf outside.
const some = /^(killed while injecting|its dials move)/
for (const { name, run } of checks.filter((check) => some.test(check.name)))
  await run().catch((error: Error) => (seen[`conformance: ${name}`] = { failed: error.message }))
process.stdout.write(`${JSON.stringify(seen)}\n`)
