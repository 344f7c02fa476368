import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { ConnectionFault, ProxyFault, StreamFault } from '../../../src/proxy/fault.ts'
import { asToxics } from '../../../src/proxy/toxiproxy-client/as-toxics.ts'
import { readFaults } from '../../../src/proxy/toxiproxy-client/read-toxics.ts'
import { readToxicName, toxicName } from '../../../src/proxy/toxiproxy-client/toxic-names.ts'

const stream = (act: StreamFault['act'], more: Partial<StreamFault> = {}): StreamFault => {
  return { is: 'stream', id: 'run/fault', direction: 'up', share: 1, act, ...more }
}
const connections = (more: Partial<ConnectionFault>): ConnectionFault => ({ is: 'connections', id: 'run/fault', ...more })

suite('faults as toxics', () => {
  const same: { fault: ProxyFault; type: string; attributes: Record<string, number> }[] = [
    { fault: stream({ is: 'delay', ms: 200, jitter: 20 }), type: 'latency', attributes: { latency: 200, jitter: 20 } },
    { fault: stream({ is: 'rate', bytesPerSecond: 125_000 }), type: 'bandwidth', attributes: { rate: 125 } },
    { fault: stream({ is: 'rate', bytesPerSecond: 0 }), type: 'bandwidth', attributes: { rate: 0 } },
    {
      fault: stream({ is: 'slice', size: 10, variation: 3, pauseUs: 50 }),
      type: 'slicer',
      attributes: { average_size: 10, size_variation: 3, delay: 50 },
    },
    { fault: stream({ is: 'cut', bytes: 100, by: 'close' }), type: 'limit_data', attributes: { bytes: 100 } },
    { fault: stream({ is: 'drop', closeAfter: 0 }), type: 'timeout', attributes: { timeout: 0 } },
    { fault: stream({ is: 'slow close', ms: 70 }), type: 'slow_close', attributes: { delay: 70 } },
    { fault: stream({ is: 'reset', after: 5 }), type: 'reset_peer', attributes: { timeout: 5 } },
    { fault: stream({ is: 'noop' }, { direction: 'down', share: 0.25 }), type: 'noop', attributes: {} },
  ]
  for (const { fault, type, attributes } of same) {
    test(`${JSON.stringify(fault.is === 'stream' && fault.act)} is a ${type} toxic, and is read again from it`, () => {
      const { toxics, disables } = asToxics(fault)
      assert.deepEqual(
        toxics.map((toxic) => [toxic.type, toxic.attributes]),
        [[type, attributes]],
      )
      assert.equal(disables, false)
      assert.deepEqual(readFaults(toxics, true), [fault])
    })
  }

  test('a rate is rounded to whole kilobytes, never down to nothing, and says so', () => {
    const rate = (bytesPerSecond: number): unknown => {
      const { toxics, remarks } = asToxics(stream({ is: 'rate', bytesPerSecond }))
      return [toxics[0]?.attributes.rate, remarks]
    }
    assert.deepEqual(rate(1_000_000), [1000, []])
    assert.deepEqual(rate(1_500_400), [1500, ['Toxiproxy counts in whole kilobytes per second: it is 1500 kB/s']])
    assert.deepEqual(rate(10), [1, ['Toxiproxy counts in whole kilobytes per second: it is 1 kB/s']])
  })

  test('never asks for what would kill the server', () => {
    assert.throws(() => asToxics(stream({ is: 'slice', size: 0, variation: 0, pauseUs: 0 })), { code: 'fault-not-available' })
    const [toxic] = asToxics(stream({ is: 'slice', size: 4, variation: 9, pauseUs: 0 })).toxics
    assert.deepEqual(toxic?.attributes, { average_size: 4, size_variation: 4, delay: 0 })
  })

  for (const how of ['stall', 'reset', 'close'] as const) {
    test(`to ${how} connections takes a toxic in each stream; one of them alone is nothing`, () => {
      const fault = connections({ new: how, live: how })
      const { toxics } = asToxics(fault)
      assert.deepEqual(
        toxics.map((toxic) => toxic.stream),
        ['upstream', 'downstream'],
      )
      assert.deepEqual(readFaults(toxics, true), [fault])
      assert.deepEqual(readFaults(toxics.slice(1), true), [])
    })
  }

  test('to refuse connections the proxy is disabled, with a mark that does nothing; enabled again it is over', () => {
    const { toxics, disables, remarks } = asToxics(connections({ new: 'refuse', live: 'close' }))
    assert.deepEqual([disables, toxics.map(({ type }) => type), remarks], [true, ['noop'], []])
    assert.deepEqual(readFaults(toxics, false), [connections({ new: 'refuse', live: 'close' })])
    assert.deepEqual(readFaults(toxics, true), [])
  })

  const impossible: [string, ProxyFault][] = [
    ['to let connecting hang', connections({ new: 'hang', live: 'stall' })],
    ['to stall the old and reset the new', connections({ new: 'reset', live: 'stall' })],
    ['to refuse the new and keep the old', connections({ new: 'refuse', live: 'stall' })],
    ['a reset after some bytes', stream({ is: 'cut', bytes: 5, by: 'reset' })],
    ['a normal distribution', stream({ is: 'delay', ms: 5, jitter: 1, shape: 'normal' })],
    ['anything of HTTP', { is: 'http', id: 'x', rule: {} } as never],
  ]
  for (const [what, fault] of impossible)
    test(`${what} is refused, with what is possible instead`, () => {
      assert.throws(
        () => asToxics(fault),
        (error: { code: string; hint: string }) => error.code === 'fault-not-available' && error.hint.length > 20,
      )
    })

  test('a name belongs to one id, whatever letters the id has, and stays a segment of a path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.constantFrom('one', 'up', 'down', 'off'), (id, part) => {
        const name = toxicName(id, part)
        assert.match(name, /^squall-[\w.~-]+:\w+$/)
        assert.deepEqual(readToxicName(name), { id: id.toWellFormed(), part })
      }),
    )
    for (const foreign of ['squall', 'latency_downstream', 'squall-:one', 'squall-x:other', 'my-squall-x:one'])
      assert.equal(readToxicName(foreign), null)
  })
})
