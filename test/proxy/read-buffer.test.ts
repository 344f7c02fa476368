import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readInto, type Use } from '../../src/proxy/read-buffer.ts'

/** Reads that each bring as much as asked for; the size of the buffer after each. */
function sizesAfter(reads: readonly ((size: number) => number)[], use: Use): number[] {
  const reading = readInto(() => use)
  const sizes = reads.map((bytes) => {
    reading.callback(bytes(reading.buffer().length))
    return reading.buffer().length
  })
  reading.close()
  return sizes
}

const full = (size: number): number => size
const kilobytes = (sizes: readonly number[]): number[] => sizes.map((size) => size / 1024)

suite('the buffer a socket reads into', () => {
  test('grows while reads fill it', () => {
    assert.deepEqual(kilobytes(sizesAfter(Array(6).fill(full), 'passed')), [16, 64, 256, 1024, 1024, 1024])
  })

  test('stays smaller where a fault holds what was read', () => {
    assert.deepEqual(kilobytes(sizesAfter(Array(4).fill(full), 'held')), [16, 64, 64, 64])
  })

  test('shrinks when reads have been small for a while', () => {
    const sizes = sizesAfter([full, full, ...Array(200).fill(() => 10)], 'passed')
    assert.equal(Math.max(...sizes), 64 * 1024)
    assert.equal(sizes.at(-1), 4 * 1024)
  })

  test('is another one when its bytes are still needed, and the same when they are not', () => {
    for (const use of ['passed', 'lent', 'held'] as const) {
      const reading = readInto(() => use)
      const before = reading.buffer()
      reading.callback(10)
      assert.equal(reading.buffer() === before, use === 'passed', use)
      reading.close()
    }
  })

  test('does not become big for more connections than memory allows', () => {
    const all = Array.from({ length: 200 }, () => readInto(() => 'passed'))
    for (const reading of all) for (let read = 0; read < 6; read++) reading.callback(reading.buffer().length)
    const sum = all.reduce((bytes, reading) => bytes + reading.buffer().length, 0)
    assert.ok(sum <= 64 * 1024 * 1024 + all.length * 64 * 1024, `${sum} bytes`)
    for (const reading of all) reading.close()
    assert.deepEqual(kilobytes(sizesAfter(Array(4).fill(full), 'passed')).at(-1), 1024)
  })
})
