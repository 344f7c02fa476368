import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normalQuantile, tQuantile } from '../../src/verdict/distributions.ts'
import { lagCorrelation, shiftInterval } from '../../src/verdict/rank-interval.ts'
import { differenceInterval, shareInterval, shareOf } from '../../src/verdict/share-interval.ts'

const near = (actual: number, expected: number, tolerance = 1e-9): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`)

test('quantiles agree with scipy 1.17', () => {
  for (const [p, x] of [
    [0.95, 1.6448536269514722],
    [0.975, 1.959963984540054],
    [0.999, 3.090232306167813],
    [0.05, -1.6448536269514729],
    [0.5, 0],
  ] as const)
    near(normalQuantile(p), x)
  for (const [p, df, x] of [
    [0.95, 2, 2.9199855803537242],
    [0.95, 11, 1.7958848187040433],
    [0.975, 27.5, 2.0500863457207226],
    [0.05, 5, -2.015048373333024],
    [1 - 0.05 / 3, 58, 2.179950620657573],
    [0.999, 3.7, 7.795183875029165],
    [0.95, 1000, 1.6463788172854643],
  ] as const)
    near(tQuantile(p, df), x)
  near(tQuantile(0.95, Number.POSITIVE_INFINITY), 1.6448536269514722)
})

/** k bad of n spread evenly, so that the design effect is 1. */
const even = (k: number, n: number): ReturnType<typeof shareOf> => ({ p: k / n, n, deff: 1 })

test("Wilson's interval agrees with scipy's binomtest, also at 0 and 1", () => {
  for (const [k, lo, hi] of [
    [0, 0, 0.0035944247755635315],
    [3, 0.0015996913929025094, 0.009965977984456514],
    [375, 0.47002323910275023, 0.5299767608972498],
    [750, 0.9964055752244366, 1],
  ] as const) {
    const interval = shareInterval(even(k, 750), 0.05, 0.05)
    near(interval.lo, lo)
    near(interval.hi, hi)
  }
})

test('the difference of two shares agrees with the same formula computed from scipy', () => {
  const found = differenceInterval(even(9, 3000), even(69, 3000), 0.05, 0.05)
  near(found.lo, 0.01537926097361325)
  near(found.hi, 0.025106283446063776)
  const zero = differenceInterval(even(0, 3000), even(0, 3000), 0.05, 0.05)
  near(zero.lo, -0.0009010352213834299)
  near(zero.hi, 0.0009010352213834299)
})

test('events in bursts count as fewer than as many single ones', () => {
  const total = Array.from({ length: 60 }, () => 50)
  const spread = shareOf({ bad: total.map((_, i) => (i % 6 === 0 ? 3 : 0)), total })
  const burst = shareOf({ bad: total.map((_, i) => (i === 30 ? 30 : 0)), total })
  assert.equal(spread.p, burst.p)
  assert.equal(spread.deff, 1)
  assert.ok(burst.deff > 10)
  assert.ok(shareInterval(burst, 0.05, 0.05).hi > shareInterval(spread, 0.05, 0.05).hi)
})

test('nothing, everything and no events at all give sound shares', () => {
  assert.deepEqual(shareOf({ bad: [0, 0], total: [5, 5] }), { p: 0, n: 10, deff: 1 })
  assert.deepEqual(shareOf({ bad: [5, 5], total: [5, 5] }), { p: 1, n: 10, deff: 1 })
  const none = shareInterval(shareOf({ bad: [], total: [] }), 0.05, 0.05)
  assert.deepEqual([none.lo, none.hi], [0, 1])
})

const before = [5.0, 5.2, 4.9, 5.3, 5.1, 5.0, 5.4, 4.8, 5.2, 5.1, 5.0, 5.3, 4.9, 5.2]
const after = [5.5, 5.3, 5.6, 5.4, 5.2, 5.7, 5.5, 5.3, 5.6, 5.4, 5.1, 5.8, 5.5, 5.3]

test('the rank interval agrees with one computed by numpy and scipy', () => {
  const shift = shiftInterval(before, after, 0.05, 0.05)
  near(shift.estimate, 0.3)
  near(shift.lo, 0.2)
  near(shift.hi, 0.5)
  assert.equal(shift.inflation, 1)
  assert.equal(shift.df, 26)
})

test('autocorrelation is that of mid-ranks (scipy), corrected for short series', () => {
  const rising = Array.from({ length: 14 }, (_, i) => i + 1)
  near(lagCorrelation([rising]), 1.2653061224489797)
  near(lagCorrelation([before, rising]), 0.09911806769426346)
})

test('constant series have no correlation and no width', () => {
  const flat = Array.from({ length: 15 }, () => 50)
  assert.equal(lagCorrelation([flat, flat]), 0)
  assert.deepEqual(shiftInterval(flat, flat, 0.05, 0.05), { estimate: 0, lo: 0, hi: 0, inflation: 1, df: 28 })
})

test('too few points leave the interval open', () => {
  const shift = shiftInterval([1, 2], [3, 4], 0.05, 0.05)
  assert.deepEqual([shift.lo, shift.hi], [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
})
