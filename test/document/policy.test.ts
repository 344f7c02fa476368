import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Experiment } from '../../src/document/experiment.ts'
import { outsideHours } from '../../src/document/hours.ts'
import { loadDocumentText } from '../../src/document/load.ts'
import { breachText, hoursBreach, policyBreaches, policyWords } from '../../src/document/policy.ts'
import type { Hours, Policy } from '../../src/document/project.ts'
import { type PlannedReach, reachBreaches } from '../../src/faults/reach.ts'
import { catalogue, valid } from './support.ts'

const document = `name: unit
hypothesis: Nothing happens.
environment: production
traffic: { url: http://a/, rate: 50/s }
phases: { warmup: 0s, baseline: 30s, fault: 60s, recovery: 30s }
faults:
  - type: pause
    target: { process: a, pick: 2 }
  - type: cpu
    target: { host: local }
    load: 50%
`
const experiment: Experiment = valid(document).experiment
const at = 'squall.yaml:3'

describe('a policy', () => {
  const broken = (policy: Policy): string[] => policyBreaches(experiment, policy).map((breach) => breachText(policy, breach))

  test('names the rule, its value, where it stands, and what breaks it', () => {
    assert.deepEqual(broken({ maxTargets: { value: { count: 2 }, text: '2', at } }), [`max_targets 2 (${at}): the faults pick 3 targets`])
    assert.deepEqual(broken({ places: { value: ['process'], text: 'process', at } }), [
      `places process (${at}): the fault cpu acts at a host`,
    ])
    assert.deepEqual(broken({ faults: { value: ['cpu', 'own'], text: 'cpu, own', at } }), [
      `faults cpu, own (${at}): pause is not among them`,
    ])
    assert.deepEqual(broken({ maxDuration: { value: 119_999, text: '119999ms', at } }), [
      `max_duration 119999ms (${at}): the phases take 2m together`,
    ])
  })

  test('is kept up to its last unit', () => {
    const policy: Policy = {
      maxTargets: { value: { count: 3 }, text: '3', at },
      places: { value: ['process', 'host'], text: '', at },
      faults: { value: ['cpu', 'pause'], text: '', at },
      maxDuration: { value: 120_000, text: '2m', at },
    }
    assert.deepEqual(broken(policy), [])
  })

  test('a fault without a target is at the place none, an own module of the type own', () => {
    const own: Experiment = { ...experiment, faults: [{ name: 'own', type: './own.ts', after: 0, spec: {} }] }
    const places = (value: ('process' | 'none')[]): Policy => ({ places: { value, text: '', at } })
    assert.equal(policyBreaches(own, places(['process'])).length, 1)
    assert.equal(policyBreaches(own, places(['none'])).length, 0)
    assert.equal(policyBreaches(own, { faults: { value: ['own'], text: '', at } }).length, 0)
    assert.equal(policyBreaches(own, { faults: { value: ['pause'], text: '', at } }).length, 1)
  })

  test('what a document breaks is a warning at its line, only for its own environment', () => {
    const rule = { maxTargets: { value: { count: 1 }, text: '1', at } }
    const load = (environments: object) => {
      const loaded = loadDocumentText(document, 'x.yaml', { catalogue, project: { file: '/x/squall.yaml', environments, defaults: {} } })
      return loaded.ok ? loaded.warnings.filter(({ code }) => code === 'policy').map(({ line, severity }) => [line, severity]) : null
    }
    assert.deepEqual(load({ production: rule }), [[7, 'warning']])
    assert.deepEqual(load({ staging: rule }), [])
  })

  test('in words', () => {
    const policy: Policy = { maxTargets: { value: { count: 1 }, text: '1', at }, mustExpire: { value: true, text: 'true', at } }
    assert.deepEqual(policyWords(policy), ['max_targets 1', 'must_expire true'])
  })
})

describe('the reach of planned changes', () => {
  const change = (key: string, id: string, more: Partial<PlannedReach> = {}): PlannedReach => ({
    ...{ key, fault: key.split('~')[0] ?? '', undoes: 'undo it', expires: 'after 5s' },
    ...{ target: { place: 'process', id, among: 10 } },
    ...more,
  })
  const count = (value: number): Policy => ({ maxTargets: { value: { count: value }, text: String(value), at } })
  const share = (value: number): Policy => ({ maxTargets: { value: { share: value }, text: `${value * 100}%`, at } })

  test('a number counts the different targets of all faults', () => {
    const changes = [change('a', '1'), change('a~2', '2'), change('b', '2'), change('c', 'x', { target: { place: 'none', id: 'x' } })]
    assert.equal(reachBreaches(count(2), changes).length, 0)
    const [breach] = reachBreaches(count(1), changes)
    assert.equal(breach && breachText(count(1), breach), `max_targets 1 (${at}): the faults have 2 targets`)
  })

  test('a share is of what each target matches, rounds down, and always allows one', () => {
    const many = (size: number): PlannedReach[] => Array.from({ length: size }, (_, i) => change(i === 0 ? 'a' : `a~${i + 1}`, String(i)))
    assert.equal(reachBreaches(share(0.29), many(2)).length, 0)
    assert.equal(reachBreaches(share(0.29), many(3))[0]?.why, 'a has 3 of 10 that its target matches')
    assert.equal(reachBreaches(share(0.01), many(1)).length, 0)
    assert.equal(reachBreaches(share(0.1), [change('a', '1'), change('b', '2')]).length, 0, 'each fault by itself')
  })

  test('what must expire and does not is named; what has nothing to undo need not', () => {
    const policy: Policy = { mustExpire: { value: true, text: 'true', at } }
    const { expires: _, ...stays } = change('stays', '1')
    assert.deepEqual(
      reachBreaches(policy, [change('a', '1'), stays, { ...stays, key: 'over', undoes: '' }]).map(({ why }) => why),
      ['stays would stay if all of Squall were killed'],
    )
    assert.equal(reachBreaches({ mustExpire: { value: false, text: 'false', at } }, [stays]).length, 0)
  })
})

describe('hours', () => {
  const hours = (days: number[], from: number, to: number, zone = 'Europe/Berlin'): Hours => ({ days, from: from * 60, to: to * 60, zone })
  const office = hours([1, 2, 3, 4, 5], 9, 16)
  const minutes = 60_000
  const at = (text: string): number => Date.parse(text)

  test('a run must begin and be over within them', () => {
    const wednesday = (clock: string): number => at(`2026-11-25T${clock}+01:00`)
    assert.equal(outsideHours(office, wednesday('09:00:00'), wednesday('09:10:00')), null)
    assert.equal(outsideHours(office, wednesday('15:50:00'), wednesday('16:00:00')), null)
    assert.equal(outsideHours(office, wednesday('15:50:00'), wednesday('16:00:01')), 'the run would last until Wed 16:00')
    assert.equal(outsideHours(office, wednesday('08:59:59'), wednesday('09:10:00')), 'it is Wed 08:59 there; they begin on Wed at 09:00')
    assert.equal(outsideHours(office, wednesday('16:00:00'), wednesday('16:10:00')), 'it is Wed 16:00 there; they begin on Thu at 09:00')
  })

  test('outside their days they begin on the next one', () => {
    const saturday = at('2026-11-28T12:00:00+01:00')
    assert.equal(outsideHours(office, saturday, saturday + minutes), 'it is Sat 12:00 there; they begin on Mon at 09:00')
    assert.equal(
      outsideHours(hours([6], 9, 16), saturday + 5 * 60 * minutes, saturday + 6 * 60 * minutes),
      'it is Sat 17:00 there; they begin on Sat at 09:00',
    )
  })

  test('midnight is no end of the day for a run that ends there, and none goes on into the next day', () => {
    const all = hours([1, 2, 3, 4, 5, 6, 7], 0, 24)
    const late = at('2026-11-25T23:50:00+01:00')
    assert.equal(outsideHours(all, late, late + 10 * minutes), null)
    assert.equal(outsideHours(all, late, late + 11 * minutes), 'the run would last until Thu 00:01')
  })

  test('the clock of the zone counts when it is put forward and back', () => {
    // Berlin: 29 March 2026, 02:00 becomes 03:00; 25 October 2026, 03:00 becomes 02:00. Both are Sundays.
    const early = hours([7], 3, 4)
    const forward = at('2026-03-29T01:00:00Z')
    assert.equal(outsideHours(early, forward - 1, forward + 1), 'it is Sun 01:59 there; they begin on Sun at 03:00')
    assert.equal(outsideHours(early, forward, forward + 60 * minutes), null, '03:00 is the minute after 01:59')
    const back = at('2026-10-25T01:00:00Z')
    assert.equal(outsideHours(hours([7], 2, 3), back - 30 * minutes, back + 60 * minutes), null, 'the hour from 02:00 to 03:00 lasts two')
    assert.equal(outsideHours(hours([7], 2, 3), back - 30 * minutes, back + 61 * minutes), 'the run would last until Sun 03:01')
    // The same moment of the day lies at another UTC hour before and after.
    for (const moment of ['2026-03-27T08:30:00Z', '2026-03-30T07:30:00Z', '2026-10-23T07:30:00Z', '2026-10-26T08:30:00Z'])
      assert.equal(outsideHours(office, at(moment), at(moment) + minutes), null, moment)
    assert.match(outsideHours(office, at('2026-03-27T07:30:00Z'), at('2026-03-27T07:31:00Z')) ?? '', /it is Fri 08:30/)
  })

  test('hours of a fixed zone agree with plain arithmetic at any moment', () => {
    const nine = hours([1, 3, 7], 9, 16, 'Etc/GMT-5')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (moment) => {
        const local = new Date(moment + 5 * 60 * minutes)
        const inside = [7, 1, 3].includes(local.getUTCDay() || 7) && local.getUTCHours() >= 9 && local.getUTCHours() < 16
        assert.equal(outsideHours(nine, moment, moment + 1) === null, inside)
      }),
    )
  })

  test('a run is as long as its phases', () => {
    const policy: Policy = { hours: { value: office, text: 'mon-fri 09:00 to 16:00 Europe/Berlin', at: 'squall.yaml:7' } }
    assert.equal(hoursBreach(experiment, policy, at('2026-11-25T15:58:00+01:00')), null)
    const breach = hoursBreach(experiment, policy, at('2026-11-25T15:58:01+01:00'))
    assert.equal(
      breach && breachText(policy, breach),
      'hours mon-fri 09:00 to 16:00 Europe/Berlin (squall.yaml:7): the run would last until Wed 16:00',
    )
    assert.equal(hoursBreach(experiment, {}, 0), null)
  })
})
