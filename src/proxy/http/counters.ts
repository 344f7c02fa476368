/** Counts the calls of an HTTP proxy: how many, how many bad, how long. */
import type { HttpCounters } from '../fault.ts'

/** Upper edges in ms, fine enough that a quantile taken from them is off by less than a fifth. */
const edges = [
  0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.2, 1.5, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10, 12, 15, 18, 20, 25, 30, 35, 40, 50, 60, 70, 80,
  100, 120, 150, 180, 200, 250, 300, 350, 400, 500, 600, 700, 800, 1000, 1200, 1500, 1800, 2000, 2500, 3000, 3500, 4000, 5000, 6000, 7000,
  8000, 10_000, 12_000, 15_000, 18_000, 20_000, 25_000, 30_000, 35_000, 40_000, 50_000, 60_000,
]

export interface CallCounter {
  started(): void
  /** `ms` since the head of the request arrived; `status` undefined: without a whole answer. */
  ended(ms: number, status: number | undefined): void
  notFollowed(): void
  read(): HttpCounters
}

export function callCounter(): CallCounter {
  const counts = { started: 0, ended: 0, bad: 0, notFollowed: 0 }
  const within = Array.from({ length: edges.length + 1 }, () => 0)
  return {
    started() {
      counts.started += 1
    },
    ended(ms, status) {
      counts.ended += 1
      if (status === undefined || status >= 500) counts.bad += 1
      const at = edgeOf(ms)
      within[at] = (within[at] ?? 0) + 1
    },
    notFollowed() {
      counts.notFollowed += 1
    },
    read() {
      let sum = 0
      return { ...counts, latency: within.map((count, at) => [edges[at] ?? null, (sum += count)]) }
    },
  }
}

/** The first edge that is not below `ms`. */
function edgeOf(ms: number): number {
  let [low, high] = [0, edges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((edges[middle] as number) < ms) low = middle + 1
    else high = middle
  }
  return low
}
