import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Experiment, Fault } from '../../src/document/experiment.ts'
import { type TimelineEvent, timelineOf } from '../../src/run/timeline.ts'

function eventsOf(faults: Partial<Fault>[], phase: number): TimelineEvent[] {
  const named = faults.map((fault, index) => ({ name: `f${index}`, type: 'pause', after: 0, spec: {}, ...fault }))
  return timelineOf({ phases: { fault: phase }, faults: named } as unknown as Experiment)
}
const words = (events: readonly TimelineEvent[]): string[] =>
  events.map(({ at, do: what, fault, round }) => `${at} ${what} ${fault} ${round}`)

test('a fault that lasts to the end of the phase is undone with everything else', () => {
  assert.deepEqual(words(eventsOf([{}, { after: 10, for: 5 }], 30)), ['0 inject f0 0', '10 inject f1 0', '15 rollback f1 0'])
})

test('a fault that begins again is injected and undone each time, the last one at the end of the phase', () => {
  assert.deepEqual(words(eventsOf([{ for: 10, every: 20 }], 50)), [
    ...['0 inject f0 0', '10 rollback f0 0', '20 inject f0 1', '30 rollback f0 1', '40 inject f0 2'],
  ])
})

test('at the same moment what ends comes before what begins', () => {
  assert.deepEqual(words(eventsOf([{ after: 10 }, { for: 10 }], 50)), ['0 inject f1 0', '10 rollback f1 0', '10 inject f0 0'])
})

test('whatever is written: in order, no fault over itself, and nothing is left when the phase is over', () => {
  const fault = fc.record(
    { after: fc.nat(1000), for: fc.integer({ min: 1, max: 500 }), pause: fc.integer({ min: 1, max: 500 }) },
    { requiredKeys: ['after'] },
  )
  fc.assert(
    fc.property(fc.array(fault, { maxLength: 5 }), fc.integer({ min: 1, max: 2000 }), (faults, phase) => {
      const events = eventsOf(
        faults.map(({ after, for: lasting, pause }) => ({
          after,
          ...(lasting !== undefined && { for: lasting }),
          ...(lasting !== undefined && pause !== undefined && { every: lasting + pause }),
        })),
        phase,
      )
      const acting = new Map<string, number>()
      let now = 0
      for (const { at, do: what, fault: name, round, until } of events) {
        assert.ok(at >= now && at < phase && until <= phase && until > 0)
        now = at
        if (what === 'inject') assert.ok(!acting.has(name), 'it acts already')
        else assert.deepEqual([acting.get(name), at], [round, until])
        if (what === 'inject') acting.set(name, round)
        else acting.delete(name)
      }
      // What still acts is what lasts to the end, where everything is undone.
      for (const name of acting.keys()) assert.equal(events.findLast((event) => event.fault === name)?.until, phase)
    }),
  )
})
