/** The life of a change: injected, undone, looked at, with each part of it misbehaving once. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AnyInjector } from '../../src/faults/injector.ts'
import { type Held, injectChange, undoChange } from '../../src/guardian/change.ts'
import { undoGroups } from '../../src/guardian/undo-all.ts'
import { until } from '../helpers/processes.ts'
import { engineFor, heldChange, memoryJournal, valueFault } from './support.ts'

const instant = { undoes: '' }

describe('injecting', () => {
  test('is written down before it happens', async () => {
    const journal = memoryJournal()
    const fault = valueFault({
      inject: async () => {
        assert.equal(journal.records.at(-1)?.is, 'injecting')
        fault.set = true
      },
    })
    await injectChange(engineFor({ journal }), heldChange(fault))
    assert.equal(fault.set, true)
  })
  test('does not happen when it cannot be written down', async () => {
    const fault = valueFault()
    await assert.rejects(injectChange(engineFor({ journal: memoryJournal(1) }), heldChange(fault)), /no space left/)
    assert.equal(fault.set, false)
  })
  test('a halt between the intent and the change stops the change', async () => {
    const fault = valueFault()
    await assert.rejects(injectChange(engineFor({ mayNotInject: () => 'halted' }), heldChange(fault)), /halted/)
    assert.equal(fault.set, false)
  })
  test('what is the case already is not ours to inject', async () => {
    const fault = valueFault()
    fault.set = true
    await assert.rejects(injectChange(engineFor(), heldChange(fault)), /already the case/)
  })
  test('an effect that never shows is an error', async () => {
    const idle = valueFault({ inject: () => Promise.resolve() })
    await assert.rejects(injectChange(engineFor(), heldChange(idle)), /never showed its effect/)
  })
  test('a target that ended meanwhile is not waited for', { timeout: 5_000 }, async () => {
    const ending = valueFault({
      patience: { inject: '60s' },
      look: async () => ({ active: false, seen: 'it has ended', died: 'ended' }),
    })
    await assert.rejects(injectChange(engineFor(), heldChange(ending)), /never showed its effect: it has ended/)
  })
})

describe('undoing', () => {
  test('fences first, then undoes, looks twice, and is verified', async () => {
    const engine = engineFor()
    const fault = valueFault()
    const held = heldChange(fault)
    await injectChange(engine, held)
    await undoGroups(engine, [[held]], 0)
    assert.equal(fault.set, false)
    assert.deepEqual(engine.fenced, ['run/one/inject'])
    assert.deepEqual(engine.told, ['one injecting', 'one active', 'one undoing', 'one verified'])
  })
  test('goes on from memory when the journal has failed', async () => {
    const engine = engineFor({ journal: memoryJournal(3) })
    const fault = valueFault()
    const held = heldChange(fault)
    await injectChange(engine, held)
    assert.equal(await undoChange(engine, held), 'verified')
    assert.equal(fault.set, false)
  })
  test('while it is still being injected stops the injection and undoes what it did', async () => {
    const started = Promise.withResolvers<void>()
    const fault = valueFault({
      inject: (_state: unknown, context: { signal: AbortSignal }) =>
        new Promise<void>((_, reject) => {
          fault.set = true
          context.signal.addEventListener('abort', () => reject(new Error('stopped')))
          started.resolve()
        }),
    })
    const engine = engineFor()
    const held = heldChange(fault)
    const injecting = injectChange(engine, held)
    await started.promise
    const [injected, undone] = await Promise.allSettled([injecting, undoChange(engine, held)])
    assert.equal(injected.status, 'rejected')
    assert.deepEqual(undone, { status: 'fulfilled', value: 'verified' })
    assert.equal(fault.set, false)
  })
  test('what comes back after the rollback is seen at the second look and undone again', async () => {
    const fault = valueFault({
      rollback: async () => {
        fault.set = false
        if (++fault.undone === 1) setTimeout(() => (fault.set = true), 5)
      },
    })
    const held = heldChange(fault)
    await injectChange(engineFor(), held)
    assert.equal(await undoChange(engineFor(), held), 'verified')
    assert.equal(fault.undone, 2)
  })
  test('nobody can tell whether it is gone: unverified, not verified', async () => {
    const held = await injected(valueFault(), { look: () => Promise.reject(new Error('no answer')) })
    assert.equal(await undoChange(engineFor(), held), 'unverified')
  })
  test('changed by others meanwhile is an end of its own', async () => {
    const held = await injected(valueFault(), {
      look: async () => ({ active: false, seen: 'another value', changed: 'somebody set it to 7' }),
    })
    assert.equal(await undoChange(engineFor(), held), 'changed by others')
  })
  test('undone as far as the document asked it is handed over', async () => {
    const held = await injected(valueFault(), {
      look: async () => ({ active: false, seen: 'down', handedOver: 'bring it back by hand' }),
    })
    assert.equal(await undoChange(engineFor(), held), 'handed over')
  })
  test('an instant fault without an inverse has nothing to undo', async () => {
    const fault = valueFault()
    const held = heldChange(fault, 'one', instant)
    await injectChange(engineFor(), held)
    assert.equal(await undoChange(engineFor(), held), 'nothing to undo')
    assert.equal(fault.undone, 0)
  })
  test('that fails for as long as it is tried ends stuck, and says why', async () => {
    const fault = valueFault({ rollback: () => Promise.reject(new Error('the disk is on fire')) })
    const journal = memoryJournal()
    const engine = engineFor({ journal, tryFor: 100 })
    const held = heldChange(fault)
    await injectChange(engine, held)
    assert.equal(await undoChange(engine, held), 'stuck')
    assert.deepEqual(journal.records.at(-1), { is: 'change', key: 'one', state: 'stuck', why: 'the disk is on fire' })
  })
  test('no defect around it is an error of the guardian: it is tried again, then stuck', async () => {
    const unreadable = heldChange(valueFault({ patience: { rollback: '90 s' as '90s' } }))
    const unfenced = heldChange(valueFault(), 'two', instant)
    const engine = engineFor({ tryFor: 200, fence: () => Promise.reject(new Error('it does not end')) })
    for (const held of [unreadable, unfenced]) {
      await undoChange(engine, held)
      assert.deepEqual([held.at, held.givenUp], ['stuck', true])
    }
  })
  test('given up after an hour, it is tried anew as soon as somebody asks', async () => {
    const fault = valueFault()
    const engine = engineFor({ tryFor: 100 })
    const held = await injected(fault, { rollback: () => Promise.reject(new Error('not now')) })
    await undoGroups(engine, [[held]], 0)
    assert.deepEqual([held.at, held.givenUp], ['stuck', true])
    held.undoer = () => Promise.resolve(fault)
    await undoGroups(engine, [[held]], 0)
    assert.deepEqual([held.at, fault.set], ['verified', false])
  })
  test('asked for twice happens once', async () => {
    const fault = valueFault()
    const engine = engineFor()
    const held = heldChange(fault)
    await injectChange(engine, held)
    await Promise.all([undoGroups(engine, [[held]], 0), undoGroups(engine, [[held]], 0)])
    assert.equal(fault.undone, 1)
  })
})

describe('undoing several', () => {
  test('goes in reverse order, and what was never injected is left alone', async () => {
    const order: string[] = []
    const make = (key: string): Held => {
      const fault = valueFault({
        rollback: async () => {
          order.push(key)
          fault.set = false
        },
      })
      return heldChange(fault, key)
    }
    const [a, b, never] = [make('a'), make('b'), make('never')]
    const engine = engineFor()
    for (const held of [a, b]) await injectChange(engine, held)
    await undoGroups(engine, [[a], [b], [never]], 500)
    assert.deepEqual(order, ['b', 'a'])
    assert.equal(never.at, 'nothing to undo')
  })
  test('one that hangs is stuck and keeps none of the others', async () => {
    const engine = engineFor()
    const stuck = heldChange(valueFault({ rollback: () => new Promise(() => {}) }), 'hangs')
    const fine = heldChange(valueFault(), 'works')
    for (const held of [stuck, fine]) await injectChange(engine, held)
    const all = undoGroups(engine, [[fine], [stuck]], 500)
    await until('the other to be verified', () => fine.at === 'verified', 2_000)
    await until('it to be stuck', () => stuck.at === 'stuck', 5_000)
    await all
    assert.equal(stuck.at, 'stuck')
  })
})

/** An injected change whose injector misbehaves from now on in the given way. */
async function injected(fault: AnyInjector, how: Partial<AnyInjector>): Promise<Held> {
  const held = heldChange(fault)
  await injectChange(engineFor(), held)
  held.injector = { ...fault, ...how }
  held.undoer = () => Promise.resolve(held.injector)
  return held
}
