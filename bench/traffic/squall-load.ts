/** Squall's own load for the bench: what it saw, the first second left out like vegeta's. */
import type { Traffic } from '../../src/document/experiment.ts'
import { startTraffic } from '../../src/measures/traffic/start.ts'
import type { TrafficSecond } from '../../src/records/run-data.ts'
import { sharedMonotonicMs, sleep } from '../../src/system/clock.ts'

export interface Shot {
  latencies: number[]
  /** ms, 99th percentile of each full second. */
  lags: number[]
  suspect: number
  bad: number
  /** Seconds of CPU of this process for one second of load. */
  cpu: number
}

export async function shoot(url: string, rate: number, seconds: number): Promise<Shot> {
  const traffic: Traffic = {
    rate,
    requests: [{ name: 'bench', url, method: 'GET', headers: {}, body: null, weight: 1 }],
    timeout: 10_000,
    ok: { status: [200] },
  }
  const rows: TrafficSecond[] = []
  let failed: Error | undefined
  const startedAt = sharedMonotonicMs()
  const load = await startTraffic(traffic, {
    startedAt,
    runId: 'bench',
    onSecond: (row) => rows.push(row),
    onTick: () => {},
    onError: (error) => {
      failed = error
    },
  })
  const first = Math.ceil((sharedMonotonicMs() - startedAt) / 1000) + 1
  const until = startedAt + (first + seconds) * 1000
  await sleep(until - seconds * 1000 - sharedMonotonicMs())
  const before = process.cpuUsage()
  await sleep(until - sharedMonotonicMs())
  const used = process.cpuUsage(before)
  await sleep(250) // A generator that is some ms behind at this moment must not be stopped before its last second is planned.
  await load.stop()
  if (failed) throw failed
  const counted = rows.filter((row) => row.t >= first && row.t < first + seconds)
  return {
    latencies: counted.flatMap((row) => row.latencies),
    lags: counted.map((row) => row.lagP99),
    suspect: counted.filter((row) => row.suspect).length,
    bad: counted.reduce((sum, row) => sum + row.planned - row.ok, 0),
    cpu: (used.user + used.system) / 1e6 / seconds,
  }
}
