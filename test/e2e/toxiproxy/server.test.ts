/** The server as a program: the same on a real Toxiproxy 2.12.0 and on `squall proxy`. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { serverCases } from './server-cases.ts'
import { type Which, withoutToxiproxy } from './subject.ts'

for (const is of ['toxiproxy', 'squall'] as const satisfies readonly Which[]) {
  describe(`the program ${is}`, { skip: is === 'toxiproxy' && withoutToxiproxy, concurrency: 4 }, () => {
    for (const [title, cases] of Object.entries(serverCases))
      for (const one of cases) {
        test(`${title}: ${one.title}`, async () => {
          assert.deepEqual(await one.see(is), is === 'squall' && one.ours ? one.ours.sees : one.sees)
        })
      }
  })
}
