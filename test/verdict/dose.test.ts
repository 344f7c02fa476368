import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ChangeRecord, LookRecord } from '../../src/records/run-data.ts'
import { doseProblem } from '../../src/verdict/dose.ts'

const base: ChangeRecord = {
  ...{ fault: 'cpu', type: 'cpu', target: 'this host', does: 'x', undoes: 'y', state: 'verified' as const, looks: [] },
  ...{ injectedAt: 0, activeAt: 0, undoAt: 60_000 },
}
const ramp = { over: 20_000, dials: { load: { from: 0, to: 0.8, unit: 'share' as const } } }

/** A look each second; `got` says what was achieved for what was asked. */
function ramping(seconds: number, got: (asked: number, second: number) => number, more: Partial<ChangeRecord> = {}): ChangeRecord {
  const looks = Array.from({ length: seconds }, (_, second): LookRecord => {
    const asked = (0.8 * second) / seconds
    return { at: second * 1000, active: true, seen: '', asked: { load: asked }, dose: { load: got(asked, second) } }
  })
  return { ...base, ramp, looks, ...more }
}

describe('the dose of a fault that moves', () => {
  test('is compared with what was asked at that time', () => {
    assert.equal(
      doseProblem(
        ramping(20, (asked) => asked),
        { load: 0 },
      ),
      undefined,
    )
    assert.equal(
      doseProblem(
        ramping(20, (asked) => asked * 0.85),
        { load: 0 },
      ),
      undefined,
    )
    assert.match(
      doseProblem(
        ramping(20, (asked) => asked / 2),
        { load: 0 },
      ) ?? '',
      /^load was .* %, asked for .* % from \+\d+ s on$/,
    )
  })

  test('shows a ramp that stops half-way, and from when', () => {
    const stuck = doseProblem(
      ramping(20, (asked) => Math.min(asked, 0.4)),
      { load: 0 },
    )
    assert.equal(stuck, 'load was 40 %, asked for 68 % from +15 s on')
  })

  test('may differ for a second or two, and by what cannot be measured near nothing', () => {
    assert.equal(
      doseProblem(
        ramping(20, (asked, second) => (second % 7 === 3 ? 0 : asked)),
        { load: 0 },
      ),
      undefined,
    )
    assert.equal(
      doseProblem(
        ramping(20, (asked) => asked + 0.02),
        { load: 0 },
      ),
      undefined,
    )
  })

  test('says nothing when it was seen too rarely to tell', () => {
    assert.equal(
      doseProblem(
        ramping(2, () => 0),
        { load: 0 },
      ),
      undefined,
    )
  })

  test('is not taken from looks between two times', () => {
    const change = ramping(20, (asked) => asked, { earlier: [{ injectedAt: 0, activeAt: 0, undoAt: 5_000 }], activeAt: 10_000 })
    for (const look of change.looks) if (look.at >= 5_000 && look.at < 10_000) look.dose = { load: 0 }
    assert.equal(doseProblem(change, { load: 0 }), undefined)
  })
})
