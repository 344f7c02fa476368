/** From counters to events: how many came between two readings. A reset or a gap gives no number. */

/** One counter: its readings in order, `at` in ms since the epoch. */
export interface Counter {
  /** Which scrape it comes from; counters of one target are read at the same moments. Empty: not known. */
  target: string
  readings: { at: number; value: number }[]
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
 * counted twice. A counter that begins while its target was already being read was at 0 before: errors that never happened have no
 * series. `until` (ms since the epoch): up to where there should be readings.
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
  const firsts = firstReadings(counters)
  for (const counter of counters) {
    const [first] = counter.readings
    if (!first) continue
    const known = firsts.get(counter.target)
    const born = counter.target !== '' && known !== undefined && first.at - known > step / 2
    let last = born ? { at: first.at - step, value: 0 } : null
    for (const reading of counter.readings) {
      if (last && reading.at - last.at > gapSteps * step) lose(last.at, reading.at, `no reading for ${seconds(reading.at - last.at)}`)
      else if (last && reading.value < last.value) lose(reading.at - step, reading.at, 'a counter was reset')
      else if (last) add(stretch(keyOf(reading.at)), counter, last, reading)
      last = reading
    }
  }
  const newest = Math.max(...counters.map(({ readings }) => readings.at(-1)?.at ?? Number.NEGATIVE_INFINITY))
  if (Number.isFinite(newest) && until - newest > gapSteps * step) lose(newest, until, 'no reading any more')
  return [...stretches.values()].sort((a, b) => a.at - b.at)
}

function add(to: Increase, counter: Counter, last: { at: number; value: number }, reading: { at: number; value: number }): void {
  const began = Math.min(last.at, to.by.size === 0 ? last.at : to.at - to.over)
  to.at = to.by.size === 0 ? reading.at : Math.max(to.at, reading.at)
  to.over = to.at - began
  to.by.set(counter, (to.by.get(counter) ?? 0) + reading.value - last.value)
}

function firstReadings(counters: readonly Counter[]): Map<string, number> {
  const firsts = new Map<string, number>()
  for (const { target, readings } of counters) {
    const at = readings[0]?.at
    if (at !== undefined) firsts.set(target, Math.min(at, firsts.get(target) ?? at))
  }
  return firsts
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`
}
