/** A real server to shoot at, and the load with all it reports. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { Traffic } from '../../../src/document/experiment.ts'
import { startTraffic, type TrafficHandle, type TrafficOptions } from '../../../src/measures/traffic/start.ts'
import type { LiveTick } from '../../../src/records/live-tick.ts'
import type { TrafficSecond } from '../../../src/records/run-data.ts'
import { sharedMonotonicMs } from '../../../src/system/clock.ts'

export async function serve(t: TestContext, listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server }
}

export function load(url: string, change: Partial<Traffic> = {}): Traffic {
  return {
    rate: 100,
    requests: [{ name: 'one', url, method: 'GET', headers: {}, body: null, weight: 1 }],
    timeout: 2000,
    ok: { status: ['2xx', '3xx'] },
    ...change,
  }
}

export interface Load {
  handle: TrafficHandle
  seconds: TrafficSecond[]
  ticks: LiveTick[]
  errors: Error[]
  /** Resolves when `condition` holds after some second or tick; rejects after 30 s. */
  until(condition: () => boolean): Promise<void>
}

export async function start(t: TestContext, traffic: Traffic, options: Partial<TrafficOptions> = {}): Promise<Load> {
  const seconds: TrafficSecond[] = []
  const ticks: LiveTick[] = []
  const errors: Error[] = []
  const waiting = new Set<() => void>()
  const news = (): void => {
    for (const look of waiting) look()
  }
  const handle = await startTraffic(traffic, {
    startedAt: sharedMonotonicMs(),
    runId: 'test-run',
    version: '1.2.3',
    onSecond: (second) => {
      seconds.push(second)
      news()
    },
    onTick: (tick) => {
      ticks.push(tick)
      news()
    },
    onError: (error) => errors.push(error),
    ...options,
  })
  t.after(() => handle.abandon())
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const finish = (then: () => void): void => {
        clearTimeout(timer)
        waiting.delete(look)
        then()
      }
      const look = (): void => {
        if (condition()) finish(resolve)
      }
      const timer = setTimeout(() => finish(() => reject(new Error('waited 10 s in vain'))), 10_000)
      waiting.add(look)
      look()
    })
  return { handle, seconds, ticks, errors, until }
}

/** Sum of one count over all seconds (or ticks). */
export function sum<Key extends string>(rows: readonly Record<Key, number>[], key: Key): number {
  return rows.reduce((total, row) => total + row[key], 0)
}

/** All seconds' reasons with their counts. */
export function reasons(seconds: readonly TrafficSecond[]): Record<string, number> {
  const all: Record<string, number> = {}
  for (const second of seconds) for (const [reason, count] of Object.entries(second.reasons)) all[reason] = (all[reason] ?? 0) + count
  return all
}
