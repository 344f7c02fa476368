import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { callAt } from '../../src/proxy/deadlines.ts'
import { monotonicMs } from '../../src/system/clock.ts'
import { seededRandom } from '../../src/system/random.ts'

suite('deadlines', () => {
  test('come in the order of their time, never early, those that are called off not at all', async () => {
    const random = seededRandom(7)
    const began = monotonicMs()
    const came: { at: number; now: number }[] = []
    const all = Array.from({ length: 400 }, (_, index) => {
      const at = began + random() * 60
      return callAt(at, () => came.push({ at, now: monotonicMs() }), index % 3 !== 0)
    })
    const off = new Set(all.filter((_, index) => index % 4 === 1))
    for (const one of off) one.cancel()
    await new Promise<void>((resolve) => callAt(began + 61, resolve, true))

    assert.deepEqual(
      came.map(({ at }) => at),
      all
        .filter((one) => !off.has(one))
        .map(({ at }) => at)
        .sort((one, other) => one - other),
    )
    assert.deepEqual(
      came.filter(({ at, now }) => now < at),
      [],
    )
  })

  test('that come while others are called have their turn, an earlier one before a later one', async () => {
    const came: string[] = []
    const began = monotonicMs()
    await new Promise<void>((resolve) => {
      callAt(began + 20, resolve, true)
      callAt(
        began + 3,
        () => {
          came.push('first')
          callAt(began + 10, () => came.push('third'), false)
          callAt(began, () => came.push('second'), true)
        },
        false,
      )
    })
    assert.deepEqual(came, ['first', 'second', 'third'])
  })

  test('of a call that throws do not keep the others', async () => {
    const began = monotonicMs()
    const thrown = new Promise<unknown>((resolve) => {
      const others = process.listeners('uncaughtException')
      process.removeAllListeners('uncaughtException')
      process.once('uncaughtException', (error) => {
        for (const one of others) process.on('uncaughtException', one)
        resolve(error)
      })
    })
    callAt(
      began + 1,
      () => {
        throw new Error('a defect')
      },
      true,
    )
    await new Promise<void>((resolve) => callAt(began + 2, resolve, true))
    assert.match(String(await thrown), /a defect/)
  })
})
