import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AbortBound, Experiment } from '../../src/document/experiment.ts'
import type { LiveTick } from '../../src/records/live-tick.ts'
import type { Sample } from '../../src/records/run-data.ts'
import { createECusum } from '../../src/verdict/e-cusum.ts'
import { type Breach, createGuard, type Guard } from '../../src/verdict/guard.ts'
import { absolute, errorRate, experiment, measure, p99, plus, run, throughput, times, usual } from './runs.ts'

const abort = (value: number, text: string, lasting?: number): AbortBound => ({
  limit: { kind: 'absolute', value },
  text,
  ...(lasting !== undefined && { for: lasting }),
})

function tick(at: number, more: Partial<LiveTick> = {}): LiveTick {
  const { error = 0, timeout = 0 } = more
  return {
    at,
    from: at - 1000,
    planned: 50,
    ended: 50,
    ok: 50 - error - timeout,
    error,
    timeout,
    notSent: 0,
    inFlight: 3,
    lagP99: 0.2,
    thresholds: [],
    ...more,
  }
}

/** Feeds one tick a second until the guard stops the run: the second it did, or null. */
function stops(
  guard: Guard,
  ticks: number,
  more: (i: number) => Partial<LiveTick>,
  samples: (i: number) => Record<string, Sample> = () => ({}),
): { at: number; breach: Breach } | null {
  for (let i = 1; i <= ticks; i++) {
    const breach = guard.tick(tick(i * 1000, more(i)), samples(i), true)
    if (breach) return { at: i, breach }
  }
  return null
}

const guardOf = (measures: Experiment['measures'], more: Partial<Experiment> = {}): Guard => createGuard(experiment(measures, more), 60)

test('without abort cells a bad system is left to the verdict', () => {
  assert.equal(
    stops(guardOf(usual()), 60, () => ({ error: 50 })),
    null,
  )
})

test('`for` wants that many seconds of bad ticks in a row', () => {
  const bounds = () => guardOf([errorRate({ abort: abort(0.5, '50% for 3s', 3000) })])
  assert.equal(
    stops(bounds(), 30, (i) => ({ error: i % 3 === 0 ? 0 : 40 })),
    null,
  )
  const stopped = stops(bounds(), 30, (i) => ({ error: i > 10 ? 40 : 0 }))
  assert.equal(stopped?.at, 13)
  assert.deepEqual(stopped?.breach, {
    by: 'guard',
    breached: true,
    measure: 'error_rate',
    why: 'error_rate is 80 %, allowed 50 % (the run is stopped at 50% for 3s) for 3 s',
  })
})

test('requests that hang count as soon as they are late, without an error', () => {
  const guard = guardOf([p99({ abort: abort(500, '500ms for 2s', 2000) })])
  assert.deepEqual(guard.latencyLimits(), [500])
  const stopped = stops(guard, 30, (i) =>
    i <= 5
      ? { thresholds: [{ limit: 500, slow: 0, decided: 50 }] }
      : { ended: 0, ok: 0, inFlight: 50 * (i - 5), thresholds: [{ limit: 500, slow: 25, decided: 25 }] },
  )
  assert.equal(stopped?.at, 7)
  assert.match(stopped?.breach.why ?? '', /^latency_p99: 100 % of requests are later than 500 ms, allowed 1 %/)
})

test('a tick in which nothing was decided is no evidence for either side', () => {
  const guard = guardOf([p99({ abort: abort(500, '500ms for 2s', 2000) })])
  const late = { thresholds: [{ limit: 500, slow: 50, decided: 50 }] }
  assert.equal(stops(guard, 4, (i) => (i === 2 || i === 4 ? late : { thresholds: [{ limit: 500, slow: 0, decided: 0 }] }))?.at, 4)
})

test('without `for` a big breach stops at once, a small one later, none never', () => {
  const at = (errors: number) =>
    stops(guardOf([errorRate({ abort: abort(0.02, '2%') })]), 60, (i) => ({ error: i > 10 ? errors : 0 }))?.at ?? null
  assert.equal(at(15), 11)
  const small = at(5)
  assert.ok(small !== null && small > 11 && small < 20, `${small}`)
  assert.equal(at(1), null)
  assert.equal(at(0), null)
})

test('the repeated look keeps its promise: few false alarms exactly at the limit', () => {
  let seed = 7
  const uniform = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 2 ** 32
  }
  let alarms = 0
  for (let run = 0; run < 300; run++) {
    const cusum = createECusum(0.05, 60)
    for (let t = 0; t < 60; t++) {
      let bad = 0
      for (let i = 0; i < 50; i++) if (uniform() < 0.05) bad++
      if (cusum.add(bad, 50)) {
        alarms++
        break
      }
    }
  }
  assert.ok(alarms / 300 <= 0.05, `${alarms} of 300`)
})

test('limits near one and at zero are guarded, too', () => {
  const first = (limit: number, bad: number) => {
    const cusum = createECusum(limit, 60)
    return Array.from({ length: 60 }, () => cusum.add(bad, 50)).indexOf(true)
  }
  assert.ok(first(0.9, 50) >= 0)
  assert.equal(first(0.9, 40), -1)
  assert.equal(first(0, 1), 0)
  assert.equal(first(0, 0), -1)
  assert.equal(first(1, 50), -1)
})

test('a relative limit is there after the baseline', () => {
  const guard = guardOf([
    p99({ abort: { limit: times(10).limit, text: '10x for 1s', for: 1000 } }),
    errorRate({ abort: { limit: plus(0.2).limit, text: '+20pp for 1s', for: 1000 } }),
  ])
  assert.deepEqual(guard.latencyLimits(), [])
  assert.equal(
    stops(guard, 10, () => ({ error: 50 })),
    null,
  )
  guard.baseline(run({ baseline: { errors: 5 } }))
  const [limit] = guard.latencyLimits()
  assert.ok(limit !== undefined && limit > 540 && limit < 570)
  assert.equal(stops(guard, 10, (i) => ({ error: i > 5 ? 17 : 14 }))?.at, 6)
})

test('a level must be bad three times, a number of things once', () => {
  assert.equal(stops(guardOf([throughput({ abort: abort(20, '20/s') })]), 20, (i) => ({ ok: i > 5 ? 10 : 50 }))?.at, 8)
  const primaries = measure('primaries', { kind: 'level' }, 'count', { abort: abort(1, '1') }, {}, 'db')
  const value = (x: number): Record<string, Sample> => ({ primaries: { at: 0, value: x } })
  assert.equal(
    stops(
      guardOf([primaries]),
      20,
      () => ({}),
      (i) => value(i === 9 ? 2 : 1),
    )?.at,
    9,
  )
})

test('the abort cells count in the fault phase only', () => {
  const guard = guardOf([errorRate({ abort: abort(0.1, '10%') })])
  for (let i = 1; i < 20; i++) assert.equal(guard.tick(tick(i * 1000, { error: 50 }), {}, false), null)
})

test('no data for 15 s ends the run, also before the fault; 5 s in production', () => {
  const blindAt = (environment: Experiment['environment']) => {
    const guard = guardOf(usual(), { environment })
    guard.tick(tick(1000), {}, false)
    for (let at = 2000; at < 40_000; at += 1000) {
      const breach = guard.tick(null, {}, false, at)
      if (breach) return [at, breach.by, breach.breached]
    }
    return null
  }
  assert.deepEqual(blindAt('staging'), [16_000, 'blind', false])
  assert.deepEqual(blindAt('production'), [6000, 'blind', false])
})

test('a load that sends nothing is blind, a target that answers nothing is not', () => {
  assert.equal(stops(guardOf(usual()), 40, () => ({ ended: 0, ok: 0, notSent: 50 }))?.breach.by, 'blind')
  assert.equal(
    stops(guardOf(usual()), 40, () => ({ ended: 0, ok: 0, inFlight: 500 })),
    null,
  )
})

test('a source that guards must not go silent', () => {
  const primaries = measure('primaries', { kind: 'level' }, 'count', { abort: abort(1, '1') }, {}, 'db')
  const stopped = stops(
    guardOf([primaries]),
    40,
    () => ({}),
    (i) => (i <= 3 ? { primaries: { at: 0, value: 1 } } : { primaries: { at: 0, missing: 'timeout' } }),
  )
  assert.equal(stopped?.at, 18)
  assert.equal(stopped?.breach.why, 'no data for primaries for 15 s: nobody can tell how the system is')
})

test('production stops as soon as the promise on errors cannot be kept any more', () => {
  const production = (max: Parameters<typeof errorRate>[0]) => guardOf([errorRate(max)], { environment: 'production' })
  // 10 % of 60 s at 50/s are 300 requests: the 301st is one too many.
  const stopped = stops(production({ fault: absolute(0.1, '10%') }), 60, () => ({ error: 25 }))
  assert.equal(stopped?.at, 13)
  assert.match(stopped?.breach.why ?? '', /^325 requests failed: with 3000 planned, error_rate can't stay within 10% any more$/)
  assert.equal(
    stops(production({ fault: absolute(0.1, '10%'), abort: { limit: { kind: 'none' }, text: 'none' } }), 60, () => ({ error: 25 })),
    null,
  )
  assert.equal(
    stops(guardOf([errorRate({ fault: absolute(0.1, '10%') })]), 60, () => ({ error: 25 })),
    null,
  )
})
