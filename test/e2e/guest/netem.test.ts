/** Faults on packets that need netem, in a guest that has it. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inGuest, noGuest } from '../../helpers/guest.ts'
import { everything } from '../../helpers/length.ts'
import type { Pings, Seen } from './netem-inside.ts'

const skip = everything ? false : noGuest || 'long: SQUALL_TEST_ALL=1'
const inside = fileURLToPath(new URL('./netem-inside.ts', import.meta.url))

describe('netem in a guest', { skip, timeout: 300_000 }, () => {
  let seen: Seen
  before(async () => {
    const ended = await inGuest([process.execPath, inside], { seconds: 270, modules: ['ipv6', 'ifb'] })
    assert.equal(ended.code, 0, `${ended.stderr}\n${ended.stdout}\n${ended.console}`)
    seen = JSON.parse(ended.stdout) as Seen
  })

  function of(name: string): Exclude<Seen[string], { failed: string }> & { ping: Pings; other: Pings } {
    const found = seen[name]
    assert.ok(found && !('failed' in found), JSON.stringify(found))
    return found as never
  }
  const late = ({ rtt }: Pings, ms: number): void =>
    assert.ok(rtt.least >= ms - 0.5 && rtt.least < ms + 8, `${JSON.stringify(rtt)}, asked ${ms}`)

  test('a delay meets what is meant, in both families and directions, and nothing else', () => {
    late(of('delay').ping, 100)
    assert.ok(of('delay').other.rtt.least < 20)
    late(of('delay-v6').ping, 100)
    assert.ok(of('delay-v6').other.rtt.least < 20)
  })
  test('jitter varies the delay and keeps the order, reorder does not', () => {
    const { rtt, inOrder } = of('jitter').ping
    assert.ok(rtt.least > 55 && rtt.least < 90 && rtt.most > 110 && rtt.most < 160, JSON.stringify(rtt))
    assert.ok(inOrder)
    assert.ok(!of('reorder').ping.inOrder)
  })
  test('a share comes twice, another is damaged', () => {
    const { doubled, received, sent } = of('damage').ping
    assert.ok(doubled / sent > 0.08 && doubled / sent < 0.28, String(doubled))
    assert.ok(received / sent > 0.7 && received / sent < 0.93, String(received))
  })
  test('loss is a share of the wire’s packets in a bulk flow, both ways', () => {
    for (const name of ['loss', 'loss-in']) {
      const { look } = of(name)
      const [, lost = 0, all = 0] = /(\d+) of (\d+) packets were lost/.exec(look.seen)?.map(Number) ?? []
      // Big pieces of 64 KB would be far fewer than these.
      assert.ok(all > 1_500, look.seen)
      assert.ok(Math.abs(lost / all - 0.01) < 0.01, look.seen)
    }
  })
  test('a tree of the user’s has ours below it, and their delays add up', () => {
    late(of('below-netem').ping, 150)
  })
  test('everything is as before, and the suite of injectors passes', () => {
    const failed = Object.entries(seen).filter(([, one]) => 'failed' in one || !one.same)
    assert.deepEqual(failed, [])
  })
})
