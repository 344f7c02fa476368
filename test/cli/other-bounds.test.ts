import assert from 'node:assert/strict'
import { test } from 'node:test'
import { underOtherBounds } from '../../src/cli/other-bounds.ts'
import { SquallError } from '../../src/errors.ts'
import type { StoredRun } from '../../src/records/stored-run.ts'
import { judge } from '../../src/verdict/judge.ts'
import { absolute, errorRate, experiment, measure, p99, readings, run, throughput, times } from '../verdict/runs.ts'

const queue = (query = 'queue') => ({ ...measure('queue', { kind: 'level' }, 'count', { fault: absolute(5) }, {}, 'db'), query })
const db = { name: 'db', type: 'endpoint', config: {} }

function stored(): StoredRun {
  const data = run({
    measures: [p99({ recovery: times(1.5, 5) }), throughput({ recovery: times(0.9) }), queue()],
    experiment: { sources: [db] },
    recovery: { latency: 62 },
    samples: { queue: readings(() => 2) },
  })
  return { ...data, hash: 'h', document: '', seed: 1, events: [] }
}

test('other bounds, the same samples: what differs is told, what was done stays', () => {
  const before = stored()
  const other = experiment([p99({ recovery: times(1.1) }), errorRate({ recovery: times(1.5, 0.005) }), queue()], {
    sources: [{ ...db, name: 'base' }],
    phases: { warmup: 0, baseline: 1000, fault: 1000, recovery: 1000 },
    environment: 'staging',
  })
  other.measures[2] = { ...queue(), from: 'base' }
  const { experiment: judged, differences } = underOtherBounds(before, other)
  assert.deepEqual(differences, [
    'latency_p99 max recovery: 1.5x → 1.1x',
    'throughput min recovery: 0.9x → none',
    'error_rate max recovery: none → 1.5x',
    'not taken over, the run had its own: sources, phases, environment',
  ])
  assert.deepEqual(judged.phases, before.experiment.phases)
  assert.equal(judge(before).outcome, 'passed')
  assert.equal(judge({ ...before, experiment: judged }).outcome, 'failed')
})

test('samples that are not there: every one is named', () => {
  const refused = (measures: Parameters<typeof experiment>[0], own = stored()): string => {
    try {
      underOtherBounds(own, experiment(measures, { sources: [db, { ...db, name: 'prom', type: 'prometheus' }] }))
    } catch (error) {
      assert.ok(error instanceof SquallError)
      assert.equal(error.code, 'measure-not-recorded')
      return error.message
    }
    return assert.fail('it was not refused')
  }
  const lag = measure('lag', { kind: 'level' }, 'bytes', { fault: absolute(5) }, {}, 'db')
  assert.match(
    refused([lag, queue('jobs.waiting')]),
    /lag was not recorded; queue was recorded with the query “queue”, not “jobs.waiting”$/,
  )
  assert.match(refused([{ ...queue(), from: 'prom' }]), /queue was recorded from db, not from prom/)
  assert.match(refused([{ ...queue(), unit: 'bytes' }]), /queue was recorded as level in count, not as level in bytes/)
  const { traffic: _none, ...quiet } = stored().experiment
  assert.match(
    refused([errorRate({ fault: absolute(0.1) })], { ...stored(), experiment: quiet }),
    /error_rate needs traffic, and the run had none/,
  )
})
