import type { RunData, TrafficSecond } from '../../src/records/run-data.ts'

/** Requirement A6 taken at its word: compare two numbers, "below 1.5 x baseline". True: it holds. */
export function plainRule({ phases, traffic }: RunData): { p99: boolean; rest: boolean } {
  const [baseline, , recovery] = phases.map(({ from, to }) => traffic.filter(({ t }) => t * 1000 >= from && t * 1000 < to))
  const p99 = (seconds: TrafficSecond[]): number => {
    const all = Float64Array.from(seconds.flatMap(({ latencies }) => latencies)).sort()
    return all[Math.ceil(all.length * 0.99) - 1] ?? 0
  }
  const rate = (seconds: TrafficSecond[], count: (second: TrafficSecond) => number): number =>
    seconds.reduce((total, second) => total + count(second), 0) / seconds.length
  const [before, after] = [baseline ?? [], recovery ?? []]
  return {
    p99: p99(after) < 1.5 * p99(before),
    rest:
      rate(after, ({ error }) => error) < 1.5 * rate(before, ({ error }) => error) &&
      rate(after, ({ ok }) => ok) > 0.9 * rate(before, ({ ok }) => ok),
  }
}
