/** The phases of a run against parts that do nothing: what is asked of the guardian, and what is told before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PhaseWindow, RunData } from '../../src/records/run-data.ts'
import { type PhasesInput, runPhases } from '../../src/run/phases.ts'
import { createStopper } from '../../src/run/stopper.ts'
import type { Precision } from '../../src/verdict/verdict.ts'

const doubtful = { enough: false, sentence: 'latency_p99 after the fault: this plan can prove ≤ +30 %, the bound is +10 %' } as Precision
const sure = { enough: true, sentence: 'error_rate after the fault: this plan can prove ≤ +0.1 pp' } as Precision

interface Seen {
  injected: string[]
  phases: PhaseWindow[]
  notes: string[]
}

async function play({
  placebo = false,
  precision = [],
  steady = null,
  unused = [],
}: {
  placebo?: boolean
  precision?: Precision[]
  steady?: string | null
  unused?: string[]
}): Promise<Seen> {
  const zero = performance.now()
  const seen: Seen = { injected: [], phases: [], notes: [] }
  const control = {
    async inject(fault: string) {
      seen.injected.push(fault)
      return null
    },
    rollBack: () => {},
    changes: () => [],
    states: () => ['active'],
    allInactive: () => true,
    rollbackWindow: () => null,
    get firstInjectingAt() {
      return seen.injected.length > 0 ? 0 : null
    },
  }
  const input = {
    experiment: {
      phases: { warmup: 0, baseline: 5, fault: 40, recovery: 5 },
      faults: [{ name: 'freeze', type: 'pause', after: 0, spec: {} }],
    },
    placebo,
    stopper: createStopper(),
    guarded: {
      control,
      error: () => undefined,
      wasLost: () => false,
      fail: (error: { message: string }) => void seen.notes.push(error.message),
    },
    measuring: { settled: async () => {}, guardFrom: () => {}, guardUntil: () => {}, gone: new Promise<void>(() => {}) },
    at: () => performance.now() - zero,
    phases: seen.phases,
    writer: { phase: () => {} },
    tell: () => {},
    note: (_level: string, text: string) => void seen.notes.push(text),
    unused: async () => unused,
    steady: () => steady,
    precision: () => precision,
    snapshot: (): RunData => ({}) as RunData,
  } as unknown as PhasesInput
  await runPhases(input)
  return seen
}

test('a placebo run passes through the same phases, as long, and asks for nothing', async () => {
  const [real, nothing] = [await play({}), await play({ placebo: true })]
  assert.deepEqual(real.injected, ['freeze'])
  assert.deepEqual(nothing.injected, [])
  assert.deepEqual(
    nothing.phases.map(({ phase }) => phase),
    real.phases.map(({ phase }) => phase),
  )
  const fault = nothing.phases.find(({ phase }) => phase === 'fault')
  assert.ok(fault && fault.to - fault.from >= 39, JSON.stringify(fault))
})

test('what the baseline says cannot be proved is told before anything is injected, and only that', async () => {
  assert.deepEqual((await play({ precision: [doubtful, sure] })).notes, [doubtful.sentence])
  const unsteady = await play({ precision: [doubtful], steady: 'errors' })
  assert.deepEqual([unsteady.notes, unsteady.injected], [['nothing was injected: errors'], []])
})

test('where nothing passed through the proxy of a fault the run is an error, and nothing was injected', async () => {
  const idle = await play({ unused: ['nothing passed through the proxy payments'], steady: 'errors' })
  assert.deepEqual(idle.notes, ['the fault could not act: nothing passed through the proxy payments'])
  assert.deepEqual([idle.injected, idle.phases.map(({ phase }) => phase)], [[], ['warmup', 'baseline']])
})
