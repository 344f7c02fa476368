import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { everyRound, sleep } from '../../src/system/clock.ts'

test('a round never comes before its time and never twice, although timers may be early', async () => {
  const real = globalThis.setTimeout
  const early = mock.method(globalThis, 'setTimeout', (work: () => void, ms: number) => real(work, Math.max(0, ms - 4)))
  const from = performance.now()
  const rounds: number[] = []
  const end = everyRound(20, () => void rounds.push((performance.now() - from) / 20))
  await new Promise((resolve) => real(resolve, 400))
  end()
  early.mock.restore()
  assert.ok(rounds.length > 5, rounds.join(' '))
  assert.equal(new Set(rounds.map(Math.floor)).size, rounds.length, rounds.join(' '))
  assert.ok(rounds[0]! >= 1, rounds.join(' '))
})

test('rounds that were missed while the process stood still are one', async () => {
  let count = 0
  const end = everyRound(10, () => void count++)
  const until = performance.now() + 100
  while (performance.now() < until);
  await sleep(1)
  end()
  assert.equal(count, 1)
})
