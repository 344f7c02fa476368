/** How much a measure wobbles: seen in a baseline, remembered from an earlier run, or as systems usually do. */
import { fewestIntervals, fewestRequests } from '../document/enough-data.ts'
import { normalQuantile } from './distributions.ts'
import type { Noise } from './power.ts'
import { median } from './quantile.ts'
import { lagCorrelation } from './rank-interval.ts'

/** Noise of a series of values, with the requests that each stands for; 0 for readings of a source. */
export interface SeriesNoise extends Noise {
  requests: number
}

/** Upper limit of the autocorrelation that the intervals believe. */
const maxCorrelation = 0.85

/**
 * Robust: 1.48 times the median distance from the median, and one standard error more (1.17/√n of it): a plan that takes the noise of few points at
 * its word promises too much.
 */
export function noiseOf(values: readonly number[], requests: number): SeriesNoise {
  const middle = median(values)
  return {
    spread: 1.4826 * (1 + 1.17 / Math.sqrt(values.length)) * median(values.map((value) => Math.abs(value - middle))),
    correlation: Math.min(maxCorrelation, lagCorrelation([values])),
    requests,
  }
}

/** The same system asked more or fewer requests an interval: chance shrinks with their number, what comes and goes slowly stays. */
export function noiseAt({ spread, correlation, requests: seen }: SeriesNoise, requests: number): SeriesNoise {
  if (seen === 0 || requests === 0) return { spread, correlation, requests }
  const slow = spread ** 2 * correlation
  const chance = ((spread ** 2 - slow) * seen) / requests
  return { spread: Math.sqrt(slow + chance), correlation: slow === 0 ? 0 : slow / (slow + chance), requests }
}

/** A usual service: lognormal times with σ 0.5, whose level wanders by 10 % with a memory of 10 s. */
const usual = { sigma: 0.5, level: 0.1, memory: 10 }

/** Of the logarithm of an interval's quantile; `seconds` its length. The spread of an order statistic: √(p (1 − p) / n) over its density (Mosteller 1946). */
export function typicalNoise(quantile: number, requests: number, seconds: number): SeriesNoise {
  const p = Math.min(quantile, requests / (requests + 1))
  const z = normalQuantile(p)
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  const chance = ((usual.sigma / density) * Math.sqrt((p * (1 - p)) / requests)) ** 2
  // The mean over an interval of a level that forgets exponentially: its variance, and its covariance with the next interval's.
  const length = seconds / usual.memory
  const forgotten = 1 - Math.exp(-length)
  const slow = usual.level ** 2 * (2 / length - (2 * forgotten) / length ** 2)
  const shared = usual.level ** 2 * (forgotten / length) ** 2
  return { spread: Math.sqrt(chance + slow), correlation: shared / (chance + slow), requests }
}

/** Seconds of an interval and how many there will be in each phase, as the judge will cut them; null: too little data. */
export function plannedIntervals(rate: number, phases: readonly [number, number]): { length: number; counts: [number, number] } | null {
  const shortest = Math.min(...phases)
  const length = Math.max(1, Math.round(shortest / 30), Math.ceil(fewestRequests / rate))
  if (shortest / length < fewestIntervals) return null
  return { length, counts: [Math.floor(phases[0] / length), Math.floor(phases[1] / length)] }
}
