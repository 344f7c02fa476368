/** The fault phase against a guardian that is a few lines: it does as it is told, in its own time. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Experiment, Fault } from '../../src/document/experiment.ts'
import type { Refusal } from '../../src/guardian/protocol.ts'
import type { ChangeRecord, ChangeState } from '../../src/records/run-data.ts'
import { type FaultPhaseInput, faultPhase } from '../../src/run/fault-phase.ts'
import { createStopper, type Stopper } from '../../src/run/stopper.ts'
import { sleep } from '../../src/system/clock.ts'

interface Play {
  asked: string[]
  errors: string[]
  stopper: Stopper
  state: Map<string, ChangeState>
  /** When the phase began, ms since the run's start. */
  begun: number | null
  died?: string
}

interface Guardian {
  /** ms an injection takes, or why it is refused. */
  inject?: (fault: string) => Promise<Refusal | null>
  /** The end a rollback comes to, after how many ms. */
  undo?: [ms: number, end: ChangeState]
}

function play(
  faults: Partial<Fault>[],
  phase: number,
  { inject, undo = [10, 'verified'] }: Guardian = {},
): { run: Promise<void>; play: Play } {
  const zero = performance.now()
  const at = (): number => performance.now() - zero
  const play: Play = { asked: [], errors: [], stopper: createStopper(), state: new Map(), begun: null }
  let firstInjectingAt: number | null = null
  const control = {
    async inject(fault: string): Promise<Refusal | null> {
      play.asked.push(`inject ${fault}`)
      firstInjectingAt ??= at()
      const refusal = (await inject?.(fault)) ?? null
      if (!refusal) play.state.set(fault, 'active')
      return refusal
    },
    rollBack(names: string[] | undefined): void {
      for (const fault of names ?? []) {
        play.asked.push(`undo ${fault}`)
        play.state.set(fault, 'undoing')
        setTimeout(() => play.state.set(fault, undo[1]), undo[0])
      }
    },
    changes: () => (play.died === undefined ? [] : [{ fault: 'f0', diedByItself: play.died } as ChangeRecord]),
    states: (fault: string) => [play.state.get(fault) ?? 'planned'],
    get firstInjectingAt() {
      return firstInjectingAt
    },
  }
  const named = faults.map((fault, index) => ({ name: `f${index}`, type: 'pause', after: 0, spec: {}, ...fault }))
  const input: FaultPhaseInput = {
    experiment: { phases: { fault: phase }, faults: named } as unknown as Experiment,
    stopper: play.stopper,
    guarded: {
      control: control as unknown as FaultPhaseInput['guarded']['control'],
      fail: ({ message }) => void play.errors.push(message),
    },
    at,
    begin: (from) => {
      play.begun = from
    },
  }
  return { run: faultPhase(input), play }
}

// Side by side: each waits for its own phase.
describe('the fault phase', { concurrency: true }, () => {
  test('begins a fault again and again, each time after the last is gone', async () => {
    const { run, play: seen } = play([{ for: 200, every: 500 }], 1_500)
    await run
    assert.deepEqual(seen.asked, ['inject f0', 'undo f0', 'inject f0', 'undo f0', 'inject f0', 'undo f0'])
    assert.deepEqual(seen.errors, [])
  })

  test('waits for a rollback that takes longer than the pause between two times', async () => {
    const { run, play: seen } = play([{ for: 200, every: 400 }], 900, { undo: [450, 'verified'] })
    await run
    assert.deepEqual(seen.asked.filter((one) => one === 'inject f0').length, 1, 'the second time would have been over before it began')
    assert.match(seen.errors[0] ?? '', /could not begin before its time was over/)
  })

  for (const end of ['unverified', 'changed by others', 'stuck'] as const) {
    test(`does not begin again what ended as ${end}`, async () => {
      const { run, play: seen } = play([{ for: 200, every: 500 }], 5_000, { undo: [5, end] })
      await run
      assert.deepEqual(seen.asked, ['inject f0', 'undo f0'])
      assert.deepEqual(seen.errors, [`f0 does not begin again: the last time ended as ${end}`])
    })
  }

  test('ends a fault in time although another takes long to begin', async () => {
    const slow = { inject: (fault: string) => sleep(fault === 'f1' ? 2_000 : 0).then(() => null) }
    const { run, play: seen } = play([{ for: 600 }, { after: 200 }], 900, slow)
    await run
    assert.deepEqual(seen.asked, ['inject f0', 'inject f1', 'undo f0'])
  })

  test('is over when a fault is refused, and says why', async () => {
    const refused = { inject: () => Promise.resolve({ code: 'no-target', message: 'no such process', hint: '' }) }
    const { run, play: seen } = play([{}, { after: 10 }], 60_000, refused)
    await run
    assert.deepEqual([seen.asked, seen.errors], [['inject f0'], ['f0: no such process']])
  })

  test('is over when the run is stopped, and nothing begins any more', async () => {
    const { run, play: seen } = play([{ for: 200, every: 500 }], 60_000)
    while (seen.state.get('f0') !== 'verified') await sleep(2)
    seen.stopper.stop({ by: 'operator', why: 'enough', breached: false, at: 0 })
    const asked = [...seen.asked]
    await run
    await sleep(400)
    assert.deepEqual(seen.asked, asked)
  })

  test('is over when a target dies by itself', async () => {
    const { run, play: seen } = play([{}], 60_000)
    seen.died = 'it ended'
    await run
    assert.deepEqual(seen.errors, ['f0: it ended'])
  })

  test('begins with the first injection, or at once when that comes later', async () => {
    const slow = { inject: () => sleep(300).then(() => null) }
    const now = play([{}], 500, slow)
    const later = play([{ after: 400 }], 500, slow)
    await Promise.all([now.run, later.run])
    for (const { begun } of [now.play, later.play]) assert.ok(begun !== null && begun < 250, `${begun} ms`)
  })
})
