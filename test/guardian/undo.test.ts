import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AnyInjector, Json } from '../../src/faults/injector.ts'
import { type Engine, type Held, injectChange, undoChange } from '../../src/guardian/change.ts'
import { createContext } from '../../src/guardian/context.ts'
import { undoGroups } from '../../src/guardian/undo-all.ts'
import { until } from '../helpers/processes.ts'
import { plannedFor } from './records.ts'

interface World {
  there: boolean
  undone: number
}

/** A real, if tiny, fault on a piece of memory; `how` makes one of its methods misbehave. */
function injector(world: World, how: Partial<AnyInjector> = {}): AnyInjector {
  return {
    type: 'memory',
    places: ['none'],
    spec: undefined as never,
    settle: '20ms',
    patience: { inject: '200ms', rollback: '200ms' },
    needs: () => [],
    plan: () => Promise.reject(new Error('planned by the test')),
    inject: async () => void (world.there = true),
    async rollback() {
      world.undone++
      world.there = false
    },
    look: async () => ({ active: world.there, seen: world.there ? 'there' : 'not there' }),
    ...how,
  }
}

function stage(mayNotInject: () => string | null = () => null): Engine & { told: string[] } {
  const told: string[] = []
  return {
    told,
    events: { state: (held, state) => void told.push(`${held.plan.key} ${state}`), look: () => {}, log: () => {} },
    journal: null,
    fence: () => Promise.resolve(),
    mayNotInject,
    tryFor: 3_000,
  }
}

function held(key: string, one: AnyInjector, undoes = 'undo it'): Held {
  const stopInjecting = new AbortController()
  return {
    plan: plannedFor(key, null, { undoes }),
    state: null,
    at: 'planned',
    injector: one,
    undoer: () => Promise.resolve(one),
    stopInjecting,
    context: createContext({
      mark: `unit/${key}`,
      deadline: new Date(),
      signal: stopInjecting.signal,
      folder: '/',
      seed: 1,
      secrets: {},
      log: () => {},
      save: (_state: Json) => Promise.resolve(),
    }),
  }
}

const newWorld = (): World => ({ there: false, undone: 0 })

describe('one change', () => {
  test('injected, active, undone, looked at twice, verified', async () => {
    const world = newWorld()
    const engine = stage()
    const change = held('a', injector(world))
    await injectChange(engine, change)
    assert.ok(world.there)
    await undoGroups(engine, [[change]], 0)
    assert.deepEqual(engine.told, ['a injecting', 'a active', 'a undoing', 'a verified'])
    assert.ok(!world.there)
  })
  test('what is the case already is not ours to inject', async () => {
    const world = { there: true, undone: 0 }
    await assert.rejects(injectChange(stage(), held('a', injector(world))), /already the case/)
  })
  test('a halt between the intent and the change stops the change', async () => {
    const world = newWorld()
    await assert.rejects(
      injectChange(
        stage(() => 'halted'),
        held('a', injector(world)),
      ),
      /halted/,
    )
    assert.ok(!world.there)
  })
  test('an effect that never shows is an error', async () => {
    const world = newWorld()
    await assert.rejects(injectChange(stage(), held('a', injector(world, { inject: () => Promise.resolve() }))), /never showed its effect/)
  })
  test('a target that ended meanwhile is not waited for', { timeout: 5_000 }, async () => {
    const ending = {
      patience: { inject: '60s', rollback: '200ms' },
      look: async () => ({ active: false, seen: 'it has ended', died: 'ended' }),
    } as const
    await assert.rejects(injectChange(stage(), held('a', injector(newWorld(), ending))), /never showed its effect: it has ended/)
  })
  test('it comes back after the rollback: seen at the second look, undone again', async () => {
    const world = newWorld()
    const engine = stage()
    const change = held(
      'a',
      injector(world, {
        rollback: async () => void (world.undone++, (world.there = false), world.undone === 1 && setTimeout(() => (world.there = true), 5)),
      }),
    )
    await injectChange(engine, change)
    await undoGroups(engine, [[change]], 0)
    assert.equal(change.at, 'verified')
    assert.equal(world.undone, 2)
  })
  test('nobody can tell whether it is gone: unverified, not verified', async () => {
    const world = newWorld()
    const engine = stage()
    const change = held('a', injector(world))
    await injectChange(engine, change)
    change.injector = injector(world, { look: () => Promise.reject(new Error('no answer')) })
    change.undoer = () => Promise.resolve(change.injector)
    await undoGroups(engine, [[change]], 0)
    assert.equal(change.at, 'unverified')
  })
  test('changed by others meanwhile is an end of its own', async () => {
    const world = newWorld()
    const change = held('a', injector(world))
    await injectChange(stage(), change)
    change.injector = injector(world, { look: async () => ({ active: false, seen: 'another value', changed: 'somebody set it to 7' }) })
    change.undoer = () => Promise.resolve(change.injector)
    await undoGroups(stage(), [[change]], 0)
    assert.equal(change.at, 'changed by others')
  })
  test('an instant fault without an inverse has nothing to undo', async () => {
    const world = newWorld()
    const change = held('a', injector(world), '')
    await injectChange(stage(), change)
    await undoGroups(stage(), [[change]], 0)
    assert.equal(change.at, 'nothing to undo')
    assert.equal(world.undone, 0)
  })
  test('no defect around the rollback ends the undo: it is tried again, then stuck, and never an error of the guardian', async () => {
    const unreadable = held('a', injector(newWorld(), { patience: { rollback: '90 s' as '90s' } }))
    const unfenced = held('b', injector(newWorld()), '')
    const engine = { ...stage(), tryFor: 200, fence: () => Promise.reject(new Error('it does not end')) }
    for (const change of [unreadable, unfenced]) {
      await undoChange({ ...engine }, change)
      assert.deepEqual([change.at, change.givenUp], ['stuck', true])
    }
  })
  test('given up after an hour, it is tried anew as soon as somebody asks', async () => {
    const world = newWorld()
    const engine = { ...stage(), tryFor: 100 }
    const change = held('a', injector(world, { rollback: () => Promise.reject(new Error('not now')) }))
    await injectChange(engine, change)
    await undoGroups(engine, [[change]], 0)
    assert.deepEqual([change.at, change.givenUp], ['stuck', true])
    const works = injector(world)
    change.undoer = () => Promise.resolve(works)
    await undoGroups(engine, [[change]], 0)
    assert.deepEqual([change.at, world.there], ['verified', false])
  })
})

describe('several changes', () => {
  test('are undone in reverse order, and what was never injected is left alone', async () => {
    const order: string[] = []
    const make = (key: string): Held => {
      const world = newWorld()
      return held(key, injector(world, { rollback: async () => void (order.push(key), (world.there = false)) }))
    }
    const [a, b, never] = [make('a'), make('b'), make('never')]
    const engine = stage()
    for (const change of [a, b]) await injectChange(engine, change)
    await undoGroups(engine, [[a], [b], [never]], 500)
    assert.deepEqual(order, ['b', 'a'])
    assert.equal(never.at, 'nothing to undo')
  })
  test('a rollback that hangs is stuck and keeps none of the others', async () => {
    const [hangs, works] = [newWorld(), newWorld()]
    const engine = stage()
    const stuck = held('hangs', injector(hangs, { rollback: () => new Promise(() => {}) }))
    const fine = held('works', injector(works))
    await injectChange(engine, stuck)
    await injectChange(engine, fine)
    const all = undoGroups(engine, [[fine], [stuck]], 500)
    await until('the other to be verified', () => fine.at === 'verified', 2_000)
    await until('it to be stuck', () => stuck.at === 'stuck', 5_000)
    await all
    assert.equal(stuck.at, 'stuck')
  })
  test('asked twice, undone once', async () => {
    const world = newWorld()
    const engine = stage()
    const change = held('a', injector(world))
    await injectChange(engine, change)
    await Promise.all([undoGroups(engine, [[change]], 0), undoGroups(engine, [[change]], 0)])
    assert.equal(world.undone, 1)
  })
})
