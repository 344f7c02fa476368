/** A run that never happened, for the tests of the views: payments freezes, errors rise, a source falls silent, all recovers. */
import type { Experiment, Measure } from '../../src/document/experiment.ts'
import type { RunData, TrafficSecond } from '../../src/records/run-data.ts'
import type { StoredRun } from '../../src/records/stored-run.ts'
import { seededRandom } from '../../src/system/random.ts'
import { exitCode } from '../../src/verdict/exit-code.ts'
import { judge } from '../../src/verdict/judge.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'

const traffic = (name: string, is: Measure['is'], unit: Measure['unit'], bounds: Partial<Pick<Measure, 'max' | 'min'>> = {}): Measure => ({
  ...{ name, is, unit, from: 'traffic', query: name, max: {}, min: {} },
  ...bounds,
})
const times = (factor: number, floor = 0) => ({ limit: { kind: 'times', factor, floor } as const, text: `${factor}x` })
const fixed = (value: number, text: string) => ({ limit: { kind: 'absolute', value } as const, text })

export const experiment: Experiment = {
  name: 'payments-freeze',
  hypothesis: 'When payments freezes, orders that need no payment go on: at most 5 % of all requests fail.',
  environment: 'test',
  service: 'shop',
  owner: 'team-orders',
  tags: ['demo'],
  traffic: {
    rate: 50,
    requests: [
      { name: 'orders', url: 'http://127.0.0.1:1/orders', method: 'GET', headers: { authorization: 'Bearer 123' }, body: null, weight: 1 },
    ],
    timeout: 1000,
    ok: { status: ['2xx'] },
  },
  proxies: [],
  sources: [{ name: 'shop', type: 'endpoint', config: {} }],
  measures: [
    traffic('latency_p50', { kind: 'latency', quantile: 0.5 }, 'ms'),
    traffic('latency_p99', { kind: 'latency', quantile: 0.99 }, 'ms', { max: { baseline: fixed(300, '300ms'), recovery: times(1.5, 5) } }),
    traffic('error_rate', { kind: 'share' }, 'share', { max: { fault: fixed(0.05, '5%'), recovery: times(1.5, 0.005) } }),
    traffic('throughput', { kind: 'level' }, '/s', { min: { recovery: times(0.9) } }),
    { ...traffic('pool_in_use', { kind: 'level' }, 'count', { max: { recovery: fixed(20, '20') } }), from: 'shop', query: 'pool.inUse' },
    traffic('recovery_time', { kind: 'recovery-time' }, 'ms'),
  ],
  phases: { warmup: 5000, baseline: 60_000, fault: 60_000, recovery: 60_000 },
  faults: [{ name: 'freeze', type: 'pause', after: 0, spec: {} }],
}

const faultFrom = 65
const faultTo = 125

function secondAt(t: number, random: () => number): TrafficSecond {
  const frozen = t >= faultFrom + 2 && t < faultTo
  const second: TrafficSecond = {
    t,
    planned: 50,
    ok: 0,
    error: 0,
    timeout: 0,
    notSent: 0,
    latencies: [],
    lagP99: 0.4,
    suspect: false,
    reasons: {},
  }
  for (let n = 0; n < 50; n++) {
    if (frozen && random() < 0.4) {
      second.timeout++
      second.latencies.push(1000)
    } else {
      second.ok++
      second.latencies.push(8 + 4 * random() + (random() < 0.03 ? 30 * random() : 0) + (frozen ? 20 * random() : 0))
    }
  }
  if (second.timeout > 0) second.reasons['timed out after 1 s'] = second.timeout
  return second
}

/** Another seed is another run of the same system. Second 30 was never recorded, 100 to 109 are suspect, the source is silent from 80 to 95 s. */
export function fabricatedData(seed = 7): RunData {
  const random = seededRandom(seed)
  const seconds = Array.from({ length: 187 }, (_, t) => secondAt(t, random)).filter(({ t }) => t !== 30)
  for (const second of seconds) if (second.t >= 100 && second.t < 102) second.suspect = true
  const inUse = (t: number): number =>
    (t >= faultFrom + 2 && t < faultTo ? Math.min(100, (t - faultFrom) * 8) : 4) + Math.floor(random() * 3)
  return {
    id: '20261123-143015-k3f9',
    experiment,
    startedAt: '2026-11-23T14:30:15.000Z',
    endedAt: '2026-11-23T14:33:22.000Z',
    phases: [
      { phase: 'warmup', from: 0, to: 5000 },
      { phase: 'baseline', from: 5000, to: 65_000 },
      { phase: 'fault', from: 65_000, to: 125_000 },
      { phase: 'rollback', from: 125_000, to: 126_400 },
      { phase: 'recovery', from: 126_400, to: 187_000 },
    ],
    traffic: seconds,
    samples: {
      pool_in_use: Array.from({ length: 187 }, (_, t) =>
        t >= 80 && t < 95 ? { at: t * 1000 + 40, missing: 'no answer within 1 s' } : { at: t * 1000 + 40, value: inUse(t) },
      ),
    },
    changes: [
      {
        fault: 'freeze',
        type: 'pause',
        target: 'payments (pid 4711)',
        does: 'stops process 4711 (node payments.ts) with SIGSTOP',
        undoes: 'continues process 4711 with SIGCONT',
        state: 'verified',
        injectedAt: 65_020,
        activeAt: 65_090,
        undoAt: 125_000,
        inactiveAt: 125_060,
        settledAt: 127_070,
        looks: [
          { at: 64_990, active: false, seen: 'state S (sleeping)', hit: [0, 1] },
          ...Array.from({ length: 60 }, (_, n) => ({
            at: 65_090 + n * 1000,
            active: true,
            seen: 'state T (stopped)',
            hit: [1, 1] as [number, number],
          })),
          { at: 125_060, active: false, seen: 'state S (sleeping)', hit: [0, 1] },
          { at: 127_070, active: false, seen: 'state S (sleeping)', hit: [0, 1] },
        ],
      },
    ],
  }
}

export function storedOf(data: RunData): StoredRun<Verdict> {
  const verdict = judge(data)
  return {
    ...data,
    ...{
      hash: 'c0ffee'.repeat(10),
      document: 'name: payments-freeze\nhypothesis: …\n',
      seed: 42,
      version: '0.1.0',
      verdict,
      outcome: verdict.outcome,
    },
    exit: exitCode(verdict, data.changes),
    events: [{ at: 80_000, level: 'warn', text: 'source shop: no answer within 1 s' }],
  }
}
