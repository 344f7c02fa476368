import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Fault, Ramp } from '../../src/document/experiment.ts'
import { SquallError } from '../../src/errors.ts'
import { withOwnDials } from '../../src/faults/own/dials.ts'
import { doesWords, doseAt, doseWords, rampOf } from '../../src/faults/ramp.ts'
import { picked } from '../../src/faults/resolve.ts'
import { seededRandom } from '../../src/system/random.ts'

const load: Ramp = { over: 20_000, dials: { load: { from: 0.1, to: 0.9, unit: 'share' } } }

describe('a ramp', () => {
  test('moves linearly, stays when it has arrived, and never leaves its ends', () => {
    assert.deepEqual(
      [0, 5_000, 10_000, 20_000, 60_000].map((at) => Number(doseAt(load, at).load?.toFixed(6))),
      [0.1, 0.3, 0.5, 0.9, 0.9],
    )
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
        fc.nat(),
        (from, elapsed, over) => {
          const ramp: Ramp = { over, dials: { x: { from: from % 1000, to: 500, unit: 'ms' } } }
          const { x = Number.NaN } = doseAt(ramp, elapsed)
          assert.ok(x >= Math.min(from % 1000, 500) - 1e-9 && x <= Math.max(from % 1000, 500) + 1e-9)
        },
      ),
    )
  })
  test('counts whole things', () => {
    assert.deepEqual(doseAt({ over: 10, dials: { cores: { from: 1, to: 4, unit: 'count' } } }, 5), { cores: 3 })
  })
  test('takes as long as the fault acts unless it says otherwise', () => {
    const fault = { name: 'f', type: 'cpu', after: 0, spec: {}, dials: load.dials } as Fault
    assert.equal(rampOf(fault, 30_000)?.over, 30_000)
    assert.equal(rampOf({ ...fault, ramp: 5_000 }, 30_000)?.over, 5_000)
    assert.equal(rampOf({ name: 'f', type: 'cpu', after: 0, spec: {} }, 30_000), undefined)
  })
  test('reads well', () => {
    assert.equal(doesWords('keep it busy', load), 'keep it busy, then move load from 10% to 90% over 20s')
    assert.equal(doseWords(load, { load: 0.5 }, { load: 0.4812 }), 'load 48.1% of 50% asked')
    assert.equal(doseWords(load, { load: 0.5 }), 'load 50% asked')
  })
})

describe('the dials of an own module', () => {
  const fault = (spec: Record<string, unknown>, more: Partial<Fault> = {}): Fault => ({
    name: 'own',
    type: './own.ts',
    after: 0,
    spec,
    ...more,
  })
  const refused = (spec: Record<string, unknown>, why: RegExp, more: Partial<Fault> = {}, dials = ['level']): void =>
    assert.throws(
      () => withOwnDials(fault(spec, more), { dials }),
      (error) => error instanceof SquallError && error.code === 'module-not-usable' && why.test(error.message),
    )
  test('are read as quantities, everything else as it was written', () => {
    const read = withOwnDials(fault({ level: '10%..50%', wait: '5s', list: '1..3' }), { dials: ['level', 'wait'] })
    assert.deepEqual(read.spec, { level: 0.1, wait: 5000, list: '1..3' })
    assert.deepEqual(read.dials, { level: { from: 0.1, to: 0.5, unit: 'share' } })
  })
  test('are refused with the reason', () => {
    refused({ level: '10%..5s' }, /10% and 5s are not of the same unit/)
    refused({ level: '10%..x' }, /with\.level: “x” is not a quantity/)
    refused({ level: '10%' }, /a ramp needs a range: its dials are level/, { ramp: 1000 })
    refused({ level: '1..2' }, /it has no dials/, { ramp: 1000 }, [])
  })
})

describe('picking', () => {
  const ids = Array.from({ length: 20 }, (_, n) => n)
  const pick = (seed: number, what: Parameters<typeof picked>[2], known: number[] = []) =>
    picked(
      known,
      ids.filter((id) => !known.includes(id)),
      what,
      seededRandom(seed),
    )
  test('the same seed picks the same, another seed something else now and then', () => {
    assert.deepEqual(pick(7, { count: 5 }), pick(7, { count: 5 }))
    assert.ok(new Set([1, 2, 3, 4, 5].map((seed) => pick(seed, { count: 5 }).join())).size > 1)
  })
  test('a share rounds down, at least one; all is all', () => {
    assert.equal(pick(1, { share: 0.29 }).length, 5)
    assert.equal(pick(1, { share: 0.01 }).length, 1)
    assert.equal(pick(1, { all: true }).length, 20)
  })
  test('those picked before stay, only what is missing is picked anew', () => {
    const again = pick(9, { count: 4 }, [3, 11, 17])
    assert.deepEqual(again.slice(0, 3), [3, 11, 17])
    assert.equal(new Set(again).size, 4)
    assert.deepEqual(pick(9, { count: 2 }, [3, 11, 17]), [3, 11])
  })
  test('nobody is picked twice', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 30 }), (seed, count) =>
        assert.equal(new Set(pick(seed, { count })).size, Math.min(20, count)),
      ),
    )
  })
})
