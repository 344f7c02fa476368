/** A number that a service reports about itself “since its start” cannot show a fault. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stillReading } from '../../src/verdict/still-reading.ts'

test('a value that hardly moves is warned about; a healthy zero, a living value or a few readings are not', () => {
  assert.match(stillReading(Array.from({ length: 30 }, (_, i) => 100 + i * 0.001)) ?? '', /cannot show a fault/)
  assert.equal(stillReading(Array(30).fill(0)), null)
  assert.equal(stillReading(Array.from({ length: 30 }, (_, i) => 100 + (i % 5))), null)
  assert.equal(stillReading([100, 100, 100]), null)
})
