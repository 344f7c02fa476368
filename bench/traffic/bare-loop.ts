/** How late a thread that does nothing but wait is on this machine right now: the floor under every start lag. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { nearestRank } from '../../src/measures/traffic/quantile.ts'

interface Job {
  rate: number
  seconds: number
}

/** ms late, 99th percentile. */
export async function bareLag(rate: number, seconds: number): Promise<number> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { rate, seconds } satisfies Job })
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
}

if (!isMainThread && parentPort) {
  const { rate, seconds } = workerData as Job
  const first = performance.now() + 50
  const lags: number[] = []
  const turn = (): void => {
    for (let due = first + (lags.length * 1000) / rate; due <= performance.now(); due = first + (lags.length * 1000) / rate)
      lags.push(performance.now() - due)
    if (lags.length >= rate * seconds) parentPort?.postMessage(nearestRank(lags, 0.99))
    else setImmediate(turn)
  }
  turn()
}
