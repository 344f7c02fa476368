import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AnyInjector } from '../../src/faults/injector.ts'
import { type Held, injectChange, undoChange } from '../../src/guardian/change.ts'
import { moveDials } from '../../src/guardian/moving.ts'
import { engineFor, heldChange, valueFault } from './support.ts'

/** A fault whose dial is a number in memory. */
function dialFault(adjust?: AnyInjector['adjust']) {
  const doses: number[] = []
  const own: AnyInjector['adjust'] = (_state, { level }: { level: number }) => Promise.resolve(void doses.push(level))
  return { doses, fault: valueFault({ dials: ['level'], adjust: adjust ?? own }) }
}

async function active(fault: AnyInjector, engine = engineFor()): Promise<Held> {
  const held = heldChange(fault)
  await injectChange(engine, held)
  return held
}
const never = (): void => assert.fail('it was told to be weak')

describe('moving the dials of a fault', () => {
  test('tells the injector each dose, and remembers what was asked last', async () => {
    const { fault, doses } = dialFault()
    const held = await active(fault)
    for (const level of [1, 2, 3]) await moveDials(engineFor(), held, { level }, never)
    assert.deepEqual([doses, held.asked], [[1, 2, 3], { level: 3 }])
  })

  test('does not happen before the fault is active, nor once it is being undone', async () => {
    const { fault, doses } = dialFault()
    const engine = engineFor()
    const held = heldChange(fault)
    await moveDials(engine, held, { level: 1 }, never)
    await injectChange(engine, held)
    const undoing = undoChange(engine, held)
    await moveDials(engine, held, { level: 2 }, never)
    assert.equal(await undoing, 'verified')
    await moveDials(engine, held, { level: 3 }, never)
    assert.deepEqual(doses, [])
  })

  test('does not happen when nothing may be injected any more: halted, stopped, or the journal is broken', async () => {
    const { fault, doses } = dialFault()
    const held = await active(fault)
    await moveDials(engineFor({ mayNotInject: () => 'halted' }), held, { level: 1 }, never)
    assert.deepEqual(doses, [])
  })

  test('is made good the next second when it fails once; failing again makes the fault weak', async () => {
    let failures = 1
    const { fault } = dialFault(() => (failures-- > 0 ? Promise.reject(new Error('503')) : Promise.resolve()))
    const held = await active(fault)
    await moveDials(engineFor(), held, { level: 1 }, never)
    await moveDials(engineFor(), held, { level: 2 }, never)
    failures = 2
    const told: string[] = []
    for (const level of [3, 4]) await moveDials(engineFor(), held, { level }, (why) => told.push(why))
    assert.deepEqual(told, ['503'])
    assert.equal(held.at, 'active', 'a dial that cannot be moved does not end the fault')
  })

  test('that is under way when the fault is undone is given up first', async () => {
    let given = false
    const { fault } = dialFault(
      (_state, _dose, context) =>
        new Promise((_, reject) =>
          context.signal.addEventListener('abort', () => {
            given = true
            reject(new Error('given up'))
          }),
        ),
    )
    const engine = engineFor()
    const held = await active(fault, engine)
    const moving = moveDials(engine, held, { level: 1 }, never)
    assert.equal(await undoChange(engine, held), 'verified')
    await moving
    assert.equal(given, true)
  })

  test('that never ends keeps the rollback from being believed', async () => {
    let release = (): void => {}
    const { fault } = dialFault(
      () =>
        new Promise((resolve) => {
          release = resolve
        }),
    )
    const engine = engineFor({ tryFor: 100 })
    const held = await active(fault, engine)
    const moving = moveDials(engine, held, { level: 1 }, never)
    await moveDials(engine, held, { level: 2 }, never)
    assert.deepEqual(held.asked, { level: 1 }, 'one at a time')
    assert.equal(await undoChange(engine, held), 'stuck')
    assert.equal(fault.set, false, 'undone it is all the same')
    release()
    await moving
  })
})
