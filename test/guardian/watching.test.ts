import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Fault, Ramp } from '../../src/document/experiment.ts'
import type { AnyInjector } from '../../src/faults/injector.ts'
import { type ArmedFault, expirySlack } from '../../src/guardian/arm.ts'
import { type Held, injectChange } from '../../src/guardian/change.ts'
import { type FaultWatch, type WatchOptions, watchFaults } from '../../src/guardian/watching.ts'
import { until } from '../helpers/processes.ts'
import { engineFor, heldChange, valueFault } from './support.ts'

const ramp: Ramp = { over: 1_000, dials: { level: { from: 0, to: 1_000, unit: 'ms' } } }

interface Watched {
  watch: FaultWatch
  held: Held
  /** What was looked at and moved, in order: `look` with the dose asked for then, `adjust` with the new one. */
  happened: { what: 'look' | 'adjust'; level: number | undefined }[]
  late: Held[]
  weak: string[]
}

async function watched(more: { lasts?: number; adjust?: AnyInjector['adjust'] } = {}): Promise<Watched> {
  const seen: Omit<Watched, 'watch' | 'held'> = { happened: [], late: [], weak: [] }
  const injector = valueFault({
    dials: ['level'],
    adjust: more.adjust ?? (async (_state, { level }: { level: number }) => void seen.happened.push({ what: 'adjust', level })),
  })
  const events = { state: () => {}, log: () => {}, look: (one: Held) => void seen.happened.push({ what: 'look', level: one.asked?.level }) }
  const engine = engineFor({ events })
  const held = Object.assign(heldChange(injector), { asked: { level: 0 } })
  await injectChange(engine, held)
  seen.happened.length = 0
  const armed = [{ fault: { name: 'one' } as Fault, ramp, held: [held] }] as unknown as ArmedFault[]
  const options: WatchOptions = {
    ...{ engine, armed, lasts: { one: more.lasts ?? 60_000 } },
    onLate: (late) => void seen.late.push(...late),
    onNotAdjusted: (_held, why) => void seen.weak.push(why),
  }
  return { ...seen, held, watch: watchFaults(options) }
}

describe('watching the faults that act', () => {
  test('looks first, then moves: what is seen belongs to the dose of the second before', async () => {
    const { watch, happened } = await watched()
    watch.begin('one')
    watch.tick()
    await until('the first move', () => happened.length === 2)
    watch.tick()
    await until('the second move', () => happened.length === 4)
    assert.deepEqual(
      happened.map(({ what }) => what),
      ['look', 'adjust', 'look', 'adjust'],
    )
    const [first, moved, second, last] = happened.map(({ level }) => level)
    assert.equal(first, 0)
    assert.equal(second, moved)
    assert.ok((last ?? 0) >= (moved ?? 0) && (last ?? 0) <= 1_000)
  })

  test('the ramp counts from the beginning of each time', async () => {
    const { watch, happened, held } = await watched()
    watch.begin('one')
    await until('the ramp to have arrived', async () => {
      const before = happened.length
      watch.tick()
      await until('a move', () => happened.length === before + 2)
      return held.asked?.level === 1_000
    })
    watch.begin('one')
    watch.tick()
    await until('a move', () => (held.asked?.level ?? 1_000) < 1_000)
  })

  test('what moves badly is told, what acts for too long is handed on', async () => {
    const { watch, weak, late, held } = await watched({ lasts: -expirySlack, adjust: () => Promise.reject(new Error('503')) })
    watch.tick()
    assert.deepEqual(late, [], 'it has not begun')
    watch.begin('one')
    await until('the second failure', () => {
      watch.tick()
      return weak.length > 0
    })
    assert.deepEqual(weak, ['503'])
    assert.equal(late[0], held)
  })
})
