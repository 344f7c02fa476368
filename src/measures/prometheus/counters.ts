/** From counters to events: how many came between two readings. A reset or a gap gives no number. */

export interface CounterReading {
  /** ms since the epoch. */
  at: number
  value: number
}

/** One counter: its readings in order. */
export interface Counter {
  /** Which scrape it comes from; counters of one target are read at the same moments. Empty: not known. */
  target: string
  readings: CounterReading[]
}

/** What one stretch of time brought, over all counters. */
export interface Increase {
  /** ms since the epoch of the newest reading in it, and how many ms before that it reaches back. */
  at: number
  over: number
  /** By counter; absent: this one was not read there. */
  by: Map<Counter, number>
  /** Why it cannot be counted. */
  missing?: string
}

/** A reading this many steps after the last one means that one was left out. */
const gapSteps = 1.5

/**
 * Cuts time into stretches of `step` ms. Each pair of neighbouring readings counts in the stretch of the later one, so no event is
 * counted twice. A counter that appears while its target was being read all the time was at 0 before: errors that never happened have
 * no series, and a process that was started anew has forgotten them. `until` (ms since the epoch): up to where there should be readings.
 */
export function increases(counters: readonly Counter[], step: number, until: number): Increase[] {
  const stretches = new Map<number, Increase>()
  const keyOf = (at: number): number => Math.ceil(at / step)
  const stretch = (key: number): Increase => {
    const known = stretches.get(key) ?? { at: key * step, over: 0, by: new Map<Counter, number>() }
    stretches.set(key, known)
    return known
  }
  const lose = (from: number, to: number, why: string): void => {
    for (let key = keyOf(from) + 1; key <= keyOf(to); key++) stretch(key).missing ??= why
  }
  const isNext = (from: number | undefined, to: number): boolean => from !== undefined && to - from <= gapSteps * step
  const scrapes = scrapeTimes(counters)
  for (const counter of counters) {
    let last: CounterReading | undefined
    for (const reading of counter.readings) {
      const scraped = scrapes.get(counter.target)?.get(reading.at)
      if (last && isNext(last.at, reading.at)) {
        if (reading.value < last.value) lose(reading.at - step, reading.at, 'a counter was reset')
        else add(stretch(keyOf(reading.at)), counter, last, reading)
      } else if (scraped !== undefined && isNext(scraped, reading.at))
        add(stretch(keyOf(reading.at)), counter, { at: scraped, value: 0 }, reading)
      else if (last) lose(last.at, reading.at, `no reading for ${seconds(reading.at - last.at)}`)
      last = reading
    }
  }
  const newest = Math.max(...counters.map(({ readings }) => readings.at(-1)?.at ?? Number.NEGATIVE_INFINITY))
  if (Number.isFinite(newest) && !isNext(newest, until)) lose(newest, until, 'no reading any more')
  return [...stretches.values()].sort((a, b) => a.at - b.at)
}

function add(to: Increase, counter: Counter, last: CounterReading, reading: CounterReading): void {
  const began = Math.min(last.at, to.by.size === 0 ? last.at : to.at - to.over)
  to.at = to.by.size === 0 ? reading.at : Math.max(to.at, reading.at)
  to.over = to.at - began
  to.by.set(counter, (to.by.get(counter) ?? 0) + reading.value - last.value)
}

/** By target, for the time of each reading the time of the target's reading before. Counters of no known target stand alone. */
function scrapeTimes(counters: readonly Counter[]): Map<string, Map<number, number>> {
  const times = new Map<string, Set<number>>()
  for (const { target, readings } of counters) {
    if (target === '') continue
    const known = times.get(target) ?? new Set<number>()
    times.set(target, known)
    for (const { at } of readings) known.add(at)
  }
  const before = (all: ReadonlySet<number>): Map<number, number> => {
    const sorted = [...all].sort((a, b) => a - b)
    return new Map(sorted.slice(1).map((at, i) => [at, sorted[i] as number]))
  }
  return new Map([...times].map(([target, all]) => [target, before(all)]))
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`
}
