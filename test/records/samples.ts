/** Runs to keep, for the tests of this folder: a fixed small one and arbitrary ones. */
import fc from 'fast-check'
import type { Experiment } from '../../src/document/experiment.ts'
import type { ChangeRecord, Sample, TrafficSecond } from '../../src/records/run-data.ts'
import type { Judged, RunStart, StoredVerdict } from '../../src/records/stored-run.ts'

export const experiment: Experiment = {
  name: 'checkout-survives',
  hypothesis: 'Orders go on when payments freezes.',
  environment: 'test',
  service: 'checkout',
  tags: [],
  traffic: {
    rate: 2,
    requests: [{ name: 'home', url: 'http://127.0.0.1:1/', method: 'GET', headers: {}, body: null, weight: 1 }],
    timeout: 1000,
    ok: { status: ['2xx'] },
  },
  proxies: [],
  sources: [],
  measures: [],
  phases: { warmup: 0, baseline: 2000, fault: 2000, recovery: 2000 },
  faults: [{ name: 'freeze', type: 'pause', after: 0, spec: {} }],
}

export function startOf(startedAt = '2026-11-23T10:00:00.000Z'): RunStart {
  return { experiment, hash: 'ab'.repeat(32), document: 'name: checkout-survives\n', startedAt, seed: 4_294_967_295, version: '0.1.0' }
}

export function second(t: number, more: Partial<TrafficSecond> = {}): TrafficSecond {
  const latencies = [t + 0.125, t + 0.5]
  return { t, planned: 2, ok: 2, error: 0, timeout: 0, notSent: 0, latencies, lagP99: 0.25, suspect: false, reasons: {}, ...more }
}

export const change: ChangeRecord = {
  fault: 'freeze',
  type: 'pause',
  target: 'payments (pid 1234)',
  does: 'stops process 1234',
  undoes: 'continues process 1234',
  state: 'verified',
  injectedAt: 2000,
  looks: [{ at: 2100, active: true, seen: 'state T', hit: [1, 1] }],
}

/** A judge without statistics, for tests that are about keeping, not judging. */
export function plainJudge(run: { abort?: { by: string; why: string } }): Judged<StoredVerdict> {
  const kept = { rollback: 'verified', trials: { halves: 'quiet' as const } }
  if (run.abort) return { verdict: { outcome: 'aborted', because: `Aborted (${run.abort.by}): ${run.abort.why}` }, exit: 4, ...kept }
  return { verdict: { outcome: 'passed', because: 'Passed.' }, exit: 0, ...kept }
}

const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value))
const at = fc.nat({ max: 10_000_000 })

const plain = { noNullPrototype: true } as const

export const anySecond: fc.Arbitrary<TrafficSecond> = fc.record(
  {
    t: fc.nat({ max: 100_000 }),
    planned: fc.nat(),
    ok: fc.nat(),
    error: fc.nat(),
    timeout: fc.nat(),
    notSent: fc.nat(),
    latencies: fc.array(fc.double(), { maxLength: 20 }),
    lagP99: fc.oneof(double, fc.constant(Number.NaN), fc.constant(Number.POSITIVE_INFINITY)),
    suspect: fc.boolean(),
    reasons: fc.dictionary(fc.string(), fc.nat(), { noNullPrototype: true }),
  },
  plain,
)

const bucket = fc.tuple(fc.oneof(double, fc.constant(Number.POSITIVE_INFINITY)), fc.nat())
export const anySample: fc.Arbitrary<Sample> = fc.oneof(
  fc.record({ at, value: fc.double() }, plain),
  fc.record({ at, bad: fc.nat(), total: fc.nat() }, plain),
  fc.record({ at, buckets: fc.array(bucket as fc.Arbitrary<[le: number, count: number]>) }, plain),
  fc.record({ at, missing: fc.string() }, plain),
)

const look = fc.record(
  {
    at,
    active: fc.oneof(fc.boolean(), fc.constant(null)),
    seen: fc.string(),
    hit: fc.tuple(fc.nat(), fc.nat()) as fc.Arbitrary<[number, number]>,
    dose: fc.dictionary(fc.string(), double, { noNullPrototype: true }),
  },
  { requiredKeys: ['at', 'active', 'seen'], noNullPrototype: true },
)
const states = ['planned', 'injecting', 'active', 'undoing', 'verified', 'changed by others', 'unverified', 'stuck'] as const
export const anyChange = fc.record(
  {
    ...{
      fault: fc.string(),
      type: fc.string(),
      target: fc.string(),
      does: fc.string(),
      undoes: fc.string(),
      state: fc.constantFrom(...states),
    },
    ...{ injectedAt: at, settledAt: at, lost: fc.string(), error: fc.string(), looks: fc.array(look, { maxLength: 3 }) },
  },
  { requiredKeys: ['fault', 'type', 'target', 'does', 'undoes', 'state', 'looks'], noNullPrototype: true },
) as fc.Arbitrary<ChangeRecord>
