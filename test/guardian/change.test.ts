import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Engine, injectChange, undoChange } from '../../src/guardian/change.ts'
import type { ChangeState } from '../../src/records/run-data.ts'
import { heldChange, memoryJournal, valueFault } from './support.ts'

function engineWith(more: Partial<Engine> = {}): Engine & { told: string[]; fenced: string[] } {
  const told: string[] = []
  const fenced: string[] = []
  return {
    told,
    fenced,
    journal: memoryJournal(),
    events: {
      state: (held, state: ChangeState) => void told.push(`${held.plan.key} ${state}`),
      look: () => {},
      log: () => {},
    },
    fence: (mark) => {
      fenced.push(mark)
      return Promise.resolve()
    },
    mayNotInject: () => null,
    tryFor: 100,
    ...more,
  }
}

describe('injecting', () => {
  test('is written down before it happens', async () => {
    const journal = memoryJournal()
    const fault = valueFault({
      inject: () => {
        assert.equal(journal.records.at(-1)?.is, 'injecting')
        fault.set = true
        return Promise.resolve()
      },
    })
    await injectChange(engineWith({ journal }), heldChange(fault))
    assert.equal(fault.set, true)
  })

  test('does not happen when it cannot be written down', async () => {
    const fault = valueFault()
    await assert.rejects(injectChange(engineWith({ journal: memoryJournal(1) }), heldChange(fault)), /no space left/)
    assert.equal(fault.set, false)
  })
})

describe('undoing', () => {
  test('fences first, then undoes, looks twice, and is verified', async () => {
    const engine = engineWith()
    const fault = valueFault()
    const held = heldChange(fault)
    await injectChange(engine, held)
    assert.equal(await undoChange(engine, held), 'verified')
    assert.deepEqual(engine.fenced, ['run/one/inject'])
    assert.deepEqual(engine.told, ['one injecting', 'one active', 'one undoing', 'one verified'])
  })

  test('goes on from memory when the journal has failed', async () => {
    const engine = engineWith({ journal: memoryJournal(3) })
    const fault = valueFault()
    const held = heldChange(fault)
    await injectChange(engine, held)
    assert.equal(await undoChange(engine, held), 'verified')
    assert.equal(fault.set, false)
  })

  test('that fails for as long as it is tried ends stuck, and says why', async () => {
    const fault = valueFault({ rollback: () => Promise.reject(new Error('the disk is on fire')) })
    const engine = engineWith()
    const held = heldChange(fault)
    await injectChange(engine, held)
    assert.equal(await undoChange(engine, held), 'stuck')
    assert.deepEqual((engine.journal as ReturnType<typeof memoryJournal>).records.at(-1), {
      is: 'change',
      key: 'one',
      state: 'stuck',
      why: 'the disk is on fire',
    })
  })

  test('while it is still being injected stops the injection and undoes what it did', async () => {
    let begun = (): void => {}
    const started = new Promise<void>((resolve) => {
      begun = resolve
    })
    const fault = valueFault({
      inject: (_state: unknown, context: { signal: AbortSignal }) =>
        new Promise<void>((_, reject) => {
          fault.set = true
          context.signal.addEventListener('abort', () => reject(new Error('stopped')))
          begun()
        }),
    })
    const engine = engineWith()
    const held = heldChange(fault)
    const injecting = injectChange(engine, held)
    await started
    const [injected, undone] = await Promise.allSettled([injecting, undoChange(engine, held)])
    assert.equal(injected.status, 'rejected')
    assert.deepEqual(undone, { status: 'fulfilled', value: 'verified' })
    assert.equal(fault.set, false)
  })
})
