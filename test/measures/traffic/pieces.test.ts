import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Exchange } from '../../../src/measures/traffic/exchange.ts'
import { Ledger } from '../../../src/measures/traffic/ledger.ts'
import { answerRule, blame } from '../../../src/measures/traffic/outcome.ts'
import { intendedStart, mixer, seedOf } from '../../../src/measures/traffic/pace.ts'
import { nearestRank } from '../../../src/measures/traffic/quantile.ts'

const failure = (code: string): Error => Object.assign(new Error('failed'), { code })

describe('whose fault an error is', () => {
  it('is the target’s when it refuses, resets or cannot be found', () => {
    for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_SOCKET', 'ETIMEDOUT'])
      assert.equal(blame(failure(code)).outcome, 'error', code)
  })

  it('is ours when descriptors, ports or memory ran out: nothing was sent', () => {
    for (const code of ['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS']) assert.equal(blame(failure(code)).outcome, 'notSent', code)
    const joined = Object.assign(new AggregateError([failure('ECONNREFUSED'), failure('EMFILE')]), { code: 'ECONNREFUSED' })
    assert.deepEqual(
      blame(joined),
      { outcome: 'notSent', reason: 'own limit of open files (EMFILE)' },
      'also when another address was tried too',
    )
  })
})

describe('a good answer', () => {
  it('has one of the statuses or is in one of the classes', () => {
    const { good } = answerRule({ ok: { status: ['2xx', 404] } })
    assert.deepEqual([200, 204, 299, 404].map(good), [true, true, true, true])
    assert.deepEqual([199, 300, 403, 405, 500].map(good), [false, false, false, false, false])
  })
})

describe('the plan of the load', () => {
  it('does not drift', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 10_000, noNaN: true }), fc.nat(1_000_000), (rate, i) => {
        const at = intendedStart(5, rate, i)
        return Math.abs(((at - 5) * rate) / 1000 - i) < 1e-6 * (i + 1)
      }),
    )
  })

  it('mixes in proportion to the weights and never picks weight 0', () => {
    const pick = mixer([0, 9, 1], 42)
    const counts = [0, 0, 0]
    for (let i = 0; i < 10_000; i++) counts[pick()]!++
    assert.equal(counts[0], 0)
    assert.ok(Math.abs(counts[2]! - 1000) < 150, `${counts}`)
  })
})

describe('a seed', () => {
  it('repeats the same mix, another one does not', () => {
    const draw = (seed: number): string => {
      const pick = mixer([3, 1, 2], seed)
      return Array.from({ length: 50 }, pick).join('')
    }
    assert.equal(draw(7), draw(7))
    assert.notEqual(draw(7), draw(8))
    assert.equal(seedOf('run-a'), seedOf('run-a'))
    assert.notEqual(seedOf('run-a'), seedOf('run-b'))
  })
})

describe('nearest rank', () => {
  it('is a value with at least that share at or below it, and the smallest such', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), fc.double({ min: 0.01, max: 1, noNaN: true }), (values, q) => {
        const found = nearestRank(values, q)
        const share = (limit: (value: number) => boolean): number => values.filter(limit).length
        return share((value) => value <= found) >= q * values.length && share((value) => value < found) < q * values.length
      }),
    )
  })
})

describe('the ledger', () => {
  it('counts against a new limit only what was started after it was set', () => {
    const ledger = new Ledger()
    const begin = (): (() => void) => {
      const exchange = new Exchange(0, 100, 0, answerRule({ ok: { status: [200] } }), () => {})
      const index = ledger.add(exchange)
      return () => {
        exchange.outcome = 'ok'
        exchange.latency = 10
        ledger.ended(exchange, index)
      }
    }
    const [endedEarlier, endedLater] = [begin(), begin()]
    endedEarlier()
    ledger.watch([50])
    endedLater()
    assert.deepEqual(ledger.thresholds(1000), [{ limit: 50, slow: 0, decided: 0 }])
    begin()()
    ledger.watch([50, 5])
    assert.deepEqual(ledger.thresholds(1000), [
      { limit: 50, slow: 0, decided: 1 },
      { limit: 5, slow: 0, decided: 0 },
    ])
  })

  it('decides each sent request exactly once against each limit, whenever it is asked', () => {
    const ending = fc.record({
      gap: fc.integer({ min: 0, max: 30 }),
      outcome: fc.constantFrom('ok', 'error', 'timeout', 'notSent'),
      latency: fc.integer({ min: 1, max: 99 }),
    } as const)
    fc.assert(
      fc.property(
        fc.array(ending, { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 20 }),
        fc.constantFrom(20, 60, 150),
        (plan, looks, limit) => {
          const timeout = 100
          const ledger = new Ledger()
          ledger.watch([limit])
          const answer = answerRule({ ok: { status: [200] } })
          let start = 0
          const events: { at: number; happens: () => void }[] = []
          const counts = { slow: 0, decided: 0 }
          const look = (now: number): void => {
            for (const { slow, decided } of ledger.thresholds(now)) {
              counts.slow += slow
              counts.decided += decided
            }
          }
          let expectSlow = 0
          let sent = 0
          for (const { gap, outcome, latency } of plan) {
            start += gap
            const began = start
            const took = outcome === 'timeout' ? timeout : latency
            if (outcome !== 'notSent') sent++
            if (outcome === 'timeout' || (outcome !== 'notSent' && took > limit)) expectSlow++
            events.push({
              at: began,
              happens: () => {
                const exchange = new Exchange(began, timeout, 0, answer, () => {})
                const index = ledger.add(exchange)
                const end = (): void => {
                  exchange.outcome = outcome
                  exchange.latency = took
                  ledger.ended(exchange, index)
                }
                // Not sent is known at once, before any look.
                if (outcome === 'notSent') end()
                else events.push({ at: began + took, happens: end })
              },
            })
          }
          let at = 0
          for (const step of looks) {
            at += step
            const now = at
            events.push({ at: now + 0.5, happens: () => look(now + 0.5) })
          }
          for (let i = 0; i < events.length; i++) {
            const rest = events.splice(i).sort((a, b) => a.at - b.at)
            events.push(...rest)
            events[i]?.happens()
            ledger.expire(Number.NEGATIVE_INFINITY)
          }
          look(1e9)
          assert.deepEqual(counts, { slow: expectSlow, decided: sent })
        },
      ),
      { numRuns: 200 },
    )
  })
})
