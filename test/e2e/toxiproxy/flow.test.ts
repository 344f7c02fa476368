/** What happens to bytes and connections, case by case: the same on a real Toxiproxy 2.12.0 and on `squall proxy`. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { everything } from '../../helpers/length.ts'
import { type FlowCase, openStand } from './flow.ts'
import { deadlyValues, plainFlow } from './flow-cases.ts'
import { toxicFlow } from './flow-toxics.ts'
import { type Subject, startSubject, type Which, withoutToxiproxy } from './subject.ts'

const all: Record<string, readonly FlowCase[]> = { 'without toxics': plainFlow, ...toxicFlow, 'values that make no sense': deadlyValues }

async function put(one: FlowCase, subject: Subject): Promise<void> {
  const stand = await openStand(subject)
  try {
    for (const toxic of one.toxics ?? []) await stand.add(toxic)
    assert.deepEqual(await one.see(stand), subject.is === 'squall' && one.ours ? one.ours.sees : one.sees)
  } finally {
    await stand.close()
  }
}

for (const is of ['toxiproxy', 'squall'] as const satisfies readonly Which[]) {
  const skip = is === 'toxiproxy' && withoutToxiproxy
  describe(`connections through ${is}`, { skip, concurrency: 6 }, () => {
    const shared = { is } as Subject
    before(async () => void Object.assign(shared, await startSubject(is)))
    after(() => shared.end())
    for (const [title, cases] of Object.entries(all)) {
      for (const one of cases.filter(({ long }) => everything || !long)) {
        test(`${title}: ${one.title}`, async () => {
          if (!one.ownServer) return put(one, shared)
          const own = await startSubject(is)
          await put(one, own).finally(() => own.end())
        })
      }
    }
  })
}
