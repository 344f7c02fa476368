/** How late the event loop is: what of a delay is our own. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

const resolution = 10
const histogram = monitorEventLoopDelay({ resolution })
let began = 0

/** ms, 99th percentile since the last question, 1 s at least. */
let last = 0
export function loopLagMs(now: number): number {
  if (began === 0) {
    histogram.enable()
    began = now
  } else if (now - began >= 1_000) {
    last = Math.max(0, histogram.percentile(99) / 1e6 - resolution)
    histogram.reset()
    began = now
  }
  return last
}
