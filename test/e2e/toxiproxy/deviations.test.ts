/** The list of differences is no list of excuses: each is seen in a case, and each case that names one expects two things. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { populateCases } from './cases-populate.ts'
import { lastCases, proxyCases } from './cases-proxies.ts'
import { routeCases } from './cases-routes.ts'
import { toxicCases } from './cases-toxics.ts'
import { deviations } from './deviations.ts'
import { deadlyValues, plainFlow } from './flow-cases.ts'
import { toxicFlow } from './flow-toxics.ts'
import { serverCases } from './server-cases.ts'

const steps = [routeCases, proxyCases, toxicCases, populateCases, lastCases].flat().flatMap((one) => one.steps)
const seen = [plainFlow, deadlyValues, ...Object.values(toxicFlow), ...Object.values(serverCases)].flat()
const different = [
  ...steps.flatMap(({ ask, gets, ours }) => (ours ? [{ where: ask, id: ours.deviation, there: gets, here: ours.gets }] : [])),
  ...seen.flatMap(({ title, sees, ours }) => (ours ? [{ where: title, id: ours.deviation, there: sees as unknown, here: ours.sees }] : [])),
]

test('each difference is met by a case', () => {
  assert.deepEqual([...new Set(different.map(({ id }) => id))].sort(), deviations.map(({ id }) => id).sort())
})

test('a case that names one expects something else of Squall', () => {
  assert.deepEqual(
    different.filter(({ there, here }) => isDeepStrictEqual(there, here)),
    [],
  )
})
