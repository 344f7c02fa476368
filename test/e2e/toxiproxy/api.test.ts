/** Toxiproxy's API, case by case: a real Toxiproxy 2.12.0 and `squall proxy` give the same answers. */
import { after, before, describe } from 'node:test'
import { populateCases } from './cases-populate.ts'
import { lastCases, proxyCases } from './cases-proxies.ts'
import { routeCases } from './cases-routes.ts'
import { toxicCases } from './cases-toxics.ts'
import { runCases } from './run-cases.ts'
import { type Subject, startSubject, type Which, withoutToxiproxy } from './subject.ts'

const all = { routes: routeCases, proxies: proxyCases, toxics: toxicCases, populate: populateCases, last: lastCases }

for (const is of ['toxiproxy', 'squall'] as const satisfies readonly Which[]) {
  describe(`the API of ${is}`, {
    skip: is === 'toxiproxy' && withoutToxiproxy,
  }, () => {
    const subject = { is } as Subject
    before(async () => void Object.assign(subject, await startSubject(is)))
    after(() => subject.end())
    for (const [title, cases] of Object.entries(all)) runCases(subject, title, cases)
  })
}
