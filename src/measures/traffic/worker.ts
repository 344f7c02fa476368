/** The worker's side: obeys the main thread and reports to it. */
import { parentPort, workerData } from 'node:worker_threads'
import { sharedMonotonicMs } from '../../system/clock.ts'
import { startGenerator } from './generator.ts'
import type { FromWorker, ToWorker, TrafficJob } from './protocol.ts'
import { warmUp } from './warm.ts'

/** Generates the load of `workerData` (a TrafficJob) until told to stop. */
export async function runTrafficWorker(): Promise<void> {
  const port = parentPort
  if (!port) throw new Error('only as a worker thread')
  const job = workerData as TrafficJob
  const say = (message: FromWorker): void => port.postMessage(message)
  const openNow = new Int32Array(job.open)
  await warmUp()
  const { traffic, runId, version, seed, maxOpen } = job
  const generator = startGenerator({
    ...{ traffic, runId, version, seed, maxOpen },
    runClock: () => sharedMonotonicMs() - job.runStart,
    onSecond: (second) => say({ is: 'second', second }),
    onTick: (tick) => say({ is: 'tick', tick }),
    onAcknowledged: (ids) => say({ is: 'acknowledged', ids }),
    onOpen: (open) => void Atomics.store(openNow, 0, open),
  })
  generator.setLatencyLimits(job.latencyLimits)
  const stopped = (): void => {
    say({ is: 'stopped' })
    port.close()
  }
  port.on('message', (message: ToWorker) => {
    if (message.do === 'limits') generator.setLatencyLimits(message.limits)
    else if (message.do === 'stop') void generator.stop().then(stopped)
    else {
      generator.abandon()
      stopped()
    }
  })
  say({ is: 'started' })
}
