/** When did it begin to hold? Rolling windows, and a hold that forgives a blip. */
import type { Asked } from './cell.ts'
import { quantile } from './quantile.ts'
import { sum } from './share-interval.ts'
import { ended, type Material, type Stretch, sortedLatencies, stretchOf } from './stretch.ts'

/** Requests that a rolling window needs to say anything. */
const windowRequests = 20

/** Rolling windows of five seconds or as many as hold twenty requests, one each second; null: no data in it. */
export function rolling<T>(stretch: Stretch, rate: number, look: (seconds: NonNullable<Stretch['seconds'][number]>[]) => T): (T | null)[] {
  const width = Math.max(5, Math.ceil(windowRequests / Math.max(rate, 1e-9)))
  const windows: (T | null)[] = []
  for (let start = 0; start + width <= stretch.seconds.length; start++) {
    const seconds = stretch.seconds.slice(start, start + width).filter((second) => second !== null)
    windows.push(sum(seconds.map(ended)) > 0 ? look(seconds) : null)
  }
  return windows
}

/** Number of following ticks that are looked at, how many must hold, and the fewest that say anything (research: demanding all of them is late by many times). */
const holdTicks = 30
const holdShare = 0.8
const fewestTicks = 5

/** Index of the first tick that holds and from which at least 80 % of the next thirty hold; −1: none. A tick without data does not hold. */
export function firstHolding(holds: readonly (boolean | null)[]): number {
  return holds.findIndex((ok, i) => {
    if (!ok) return false
    const next = holds.slice(i, i + holdTicks)
    return next.length >= Math.min(fewestTicks, holds.length) && next.filter(Boolean).length >= holdShare * next.length
  })
}

/** ms after the phase began from which a load measure kept its limit; null: never. */
export function heldFrom(material: Material, { measure, phase, direction }: Asked, limit: number): number | null {
  const stretch = stretchOf(material, phase)
  if (!stretch) return null
  const { is } = measure
  const within = (value: number): boolean => (direction === 'max' ? value <= limit : value >= limit)
  const holds = rolling(stretch, material.experiment.traffic?.rate ?? 1, (seconds) => {
    if (is.kind === 'share') return within(sum(seconds.map(({ error, timeout }) => error + timeout)) / sum(seconds.map(ended)))
    if (is.kind === 'latency') return within(quantile(sortedLatencies(seconds), is.quantile))
    return within(sum(seconds.map(({ ok }) => ok)) / seconds.length)
  })
  const first = firstHolding(holds)
  return first < 0 ? null : Math.max(0, (stretch.first + first) * 1000 - stretch.window.from)
}
