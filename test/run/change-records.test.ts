import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ChangeSummary } from '../../src/guardian/protocol.ts'
import type { ChangeState } from '../../src/records/run-data.ts'
import { type ChangeRecords, createChangeRecords, enterLook, enterState } from '../../src/run/change-records.ts'

const summary = (target: string, key = 'freeze'): ChangeSummary => ({
  ...{ key, fault: 'freeze', type: 'pause', target, does: 'stop it', undoes: 'continue it' },
})

/** One time from planning to the end, in steps of 100 ms from `at` on. */
function live(records: ChangeRecords, target: string, at: number, states: readonly ChangeState[]): void {
  records.plan('freeze', [summary(target)], 1)
  const record = records.get('freeze')
  assert.ok(record)
  states.forEach((state, step) => {
    enterState(record, state, at + 100 * step)
    if (state === 'active') enterLook(record, { at: at + 100 * step, active: true, seen: 'stopped' }, { instant: false })
    if (state === 'undoing') enterLook(record, { at: at + 100 * step + 50, active: false, seen: 'runs' }, { instant: false })
  })
}
const whole = ['injecting', 'active', 'undoing', 'verified'] as const

describe('a fault that begins again', () => {
  test('is one record with the times of each; those beside its state are the last', () => {
    const records = createChangeRecords()
    for (const at of [1000, 5000, 9000]) live(records, 'a', at, whole)
    const [record, ...others] = records.all()
    assert.equal(others.length, 0)
    assert.deepEqual(record?.earlier, [
      { injectedAt: 1000, activeAt: 1100, undoAt: 1200, inactiveAt: 1250, settledAt: 1300 },
      { injectedAt: 5000, activeAt: 5100, undoAt: 5200, inactiveAt: 5250, settledAt: 5300 },
    ])
    assert.deepEqual([record?.state, record?.injectedAt, record?.inactiveAt, record?.looks.length], ['verified', 9000, 9250, 6])
  })

  test('at another target because the first is gone, each has its record', () => {
    const records = createChangeRecords()
    live(records, 'a', 1000, whole)
    live(records, 'b', 5000, whole)
    live(records, 'a', 9000, whole)
    assert.deepEqual(
      records.all().map(({ target, injectedAt, earlier }) => [target, injectedAt, earlier?.length ?? 0]),
      [
        ['b', 5000, 0],
        ['a', 9000, 1],
      ],
    )
    assert.deepEqual(
      records.current().map(({ target }) => target),
      ['a'],
    )
  })

  test('and was stopped before that, ends as it had ended before', () => {
    const records = createChangeRecords()
    live(records, 'a', 1000, whole)
    live(records, 'a', 5000, ['nothing to undo'])
    const [record] = records.all()
    assert.deepEqual([record?.state, record?.injectedAt, record?.settledAt, record?.earlier], ['verified', 1000, 1300, []])
  })

  test('keeps what made an earlier time weak', () => {
    const records = createChangeRecords()
    live(records, 'a', 1000, ['injecting', 'active'])
    const record = records.get('freeze')
    assert.ok(record)
    enterLook(record, { at: 1500, active: true, seen: 'half', hit: [1, 2] }, { instant: false })
    live(records, 'a', 5000, whole)
    assert.equal(records.all()[0]?.weak, '1 of 2 targets were hit')
  })
})

test('what was planned and never injected is nothing that was made', () => {
  const records = createChangeRecords()
  records.plan('freeze', [summary('a'), summary('b', 'freeze~2')], 2)
  records.plan('freeze', [summary('a')], 2)
  assert.deepEqual(
    records.all().map(({ target, weak }) => [target, weak]),
    [['a', '1 of 2 planned targets were still there']],
  )
})
