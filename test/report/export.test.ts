import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { StoredRun } from '../../src/records/stored-run.ts'
import { exportRun } from '../../src/report/export.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { exportComplaints, undocumentedKeys } from '../helpers/export-schema.ts'
import { fabricatedData, storedOf } from './fabricated.ts'

const run = storedOf(fabricatedData())
const { verdict: _verdict, outcome: _outcome, exit: _exit, endedAt: _endedAt, ...running } = run

describe('an exported run', () => {
  const runs: Record<string, StoredRun<Verdict>> = {
    failed: run,
    'still going on': running,
    aborted: storedOf({ ...fabricatedData(), abort: { by: 'guard', why: 'too much', measure: 'error_rate', breached: true, at: 70_000 } }),
    'ended by a defect': storedOf({ ...fabricatedData(), error: { code: 'fault-failed', message: 'no' } }),
    'without load': { ...run, traffic: [], samples: {} },
    'with every kind of sample': {
      ...run,
      samples: {
        a: [
          { at: 1, bad: 1, total: 2 },
          {
            at: 2,
            buckets: [
              [0.1, 3],
              [Number.POSITIVE_INFINITY, 4],
            ],
          },
          { at: 3, missing: 'gone' },
        ],
      },
    },
    'with numbers that JSON does not have': { ...run, traffic: run.traffic.map((second) => ({ ...second, lagP99: Number.NaN })) },
  }
  for (const [name, stored] of Object.entries(runs)) {
    test(`${name} is as schema/export.json says, and every key of it is written there`, () => {
      const text = exportRun(stored)
      assert.deepEqual(exportComplaints(text), [])
      assert.deepEqual(undocumentedKeys(text), [])
    })
  }

  test('says which version of the schema it follows, and what its numbers mean', () => {
    const { schema, schemaVersion, units } = JSON.parse(exportRun(run)) as { schema: string; schemaVersion: number; units: { at: string } }
    assert.deepEqual([schema, schemaVersion], ['squall.run/1', 1])
    assert.match(units.at, /^ms since startedAt/)
  })

  test('carries no credentials', () => assert.doesNotMatch(exportRun(run), /Bearer 123/))

  test('what is not an exported run is refused, at its place', () => {
    const wrong: [change: (draft: Record<string, never>) => void, complaint: RegExp][] = [
      [(draft) => Reflect.deleteProperty(draft, 'schemaVersion'), /must have required property 'schemaVersion'/],
      [(draft) => Object.assign(draft, { outcome: 'fine' }), /^\/outcome /],
      [(draft) => Object.assign(draft, { seed: 'x' }), /^\/seed /],
      [(draft) => Object.assign(draft, { traffic: [{ t: 1 }] }), /^\/traffic\/0 must have required property/],
    ]
    for (const [change, complaint] of wrong) {
      const draft = JSON.parse(exportRun(run)) as Record<string, never>
      change(draft)
      assert.match(exportComplaints(JSON.stringify(draft)).join('\n'), complaint)
    }
  })

  test('a key that nobody has documented is found', () => {
    const draft = JSON.parse(exportRun(run)) as { verdict: Record<string, unknown> }
    draft.verdict.surprise = 1
    assert.deepEqual(undocumentedKeys(JSON.stringify(draft)), ['.verdict.surprise'])
  })
})
