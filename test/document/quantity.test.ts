import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatQuantity, parseQuantity, type QuantityUnit, readQuantity } from '../../src/document/quantity.ts'

const good: [string, QuantityUnit, number][] = [
  ['500ms', 'ms', 500],
  ['1.5s', 'ms', 1500],
  ['2m', 'ms', 120_000],
  ['1h', 'ms', 3_600_000],
  ['50/s', '/s', 50],
  ['30/m', '/s', 0.5],
  ['64MiB', 'bytes', 67_108_864],
  ['1kB', 'bytes', 1000],
  ['128kbit', 'bit/s', 128_000],
  ['5%', 'share', 0.05],
  ['7%', 'share', 0.07],
  ['5pp', 'pp', 0.05],
  ['0.5', 'count', 0.5],
]

for (const [text, unit, value] of good) {
  test(`${text} is exactly ${value} of ${unit}`, () => assert.deepEqual(parseQuantity(text), { ok: true, value: { value, unit } }))
}

test('what reads as a value is written back as a text with the same value', () => {
  const units = fc.constantFrom<QuantityUnit>('ms', 'bytes', 'bit/s', 'count', '/s')
  fc.assert(
    fc.property(fc.nat(10_000_000), units, (value, unit) => {
      assert.deepEqual(readQuantity(formatQuantity(value, unit), unit), { ok: true, value })
    }),
  )
})

test('a fix that says “write X” always names something that reads', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[-+]?[\d.,_ ]{1,6}[a-zA-Z%/ ]{0,4}[\d]{0,2}[msh]{0,2}$/), (text) => {
      const parsed = parseQuantity(text)
      if (parsed.ok) return
      const fixed = /^write ([^ ]+)$/.exec(parsed.fix ?? '')?.[1]
      if (fixed !== undefined) assert.ok(parseQuantity(fixed).ok, `${text}: ${fixed}`)
    }),
  )
})

test('with two mistakes at once no half-mended text is offered', () => {
  assert.deepEqual(parseQuantity('0,0hm'), { ok: false, message: '“0,0hm” has a decimal comma', fix: 'write a quantity such as 30s' })
})

test('a number from TypeScript or JSON is taken only where counts are', () => {
  assert.deepEqual(readQuantity(3, 'count'), { ok: true, value: 3 })
  assert.equal(readQuantity(500, 'ms').ok, false)
  assert.deepEqual(readQuantity(0.0000001, 'count'), { ok: true, value: 0.0000001 })
  assert.equal(readQuantity(Number.NaN, 'count').ok, false)
})
