/** What is simulated, and what the judge promises there. */
import type { Counts } from './simulate.ts'
import type { Story } from './worlds.ts'

export interface Target {
  atMost?: number
  atLeast?: number
}

export interface Cell {
  name: string
  story: Story
  /** The recovery bound on p99. */
  factor: number
  /** Shares 0…1 of all runs in a world (of `kept`: of the runs in which something was promised); none: shown only. */
  targets: Partial<Record<keyof Counts, Target>>
  /** The run's own planned precision is put to the test: a change as large as it says it finds, or a bound as tight as it says it proves. */
  promise?: 'finds' | 'proves'
}

const healthy = { rate: 50, slower: 0, moreErrors: 0, errors: 0 }
const minute = { ...healthy, window: 60, gap: 60 }

/** Recovery: the first rows of the bench, with their own targets. */
export const recovery: readonly Cell[] = [
  { name: 'A/A, 1.2x, 60 s', story: { ...healthy, window: 60, gap: 120 }, factor: 1.2, targets: { failed: { atMost: 0.065 } } },
  { name: 'A/A, 1.2x, 300 s', story: { ...healthy, window: 300, gap: 120 }, factor: 1.2, targets: { failed: { atMost: 0.01 } } },
  { name: 'A/A, 1.5x, 30 s', story: { ...healthy, window: 30, gap: 60 }, factor: 1.5, targets: { failed: { atMost: 0.01 } } },
  { name: 'A/A, 1.5x, 60 s', story: minute, factor: 1.5, targets: { failed: { atMost: 0.01 }, passed: { atLeast: 0.9 } } },
  { name: 'A/A, 1.5x, 60 s, 0.3 % errors', story: { ...minute, errors: 0.003 }, factor: 1.5, targets: { failed: { atMost: 0.01 } } },
  { name: '+100 %, 1.5x, 30 s', story: { ...healthy, window: 30, gap: 60, slower: 1 }, factor: 1.5, targets: {} },
  {
    name: '+100 %, 1.5x, 60 s',
    story: { ...minute, slower: 1 },
    factor: 1.5,
    targets: { failed: { atLeast: 0.75 }, passed: { atMost: 0.02 } },
  },
  {
    name: '+2 pp errors, 1.5x, 60 s',
    story: { ...minute, errors: 0.003, moreErrors: 0.02 },
    factor: 1.5,
    targets: { failed: { atLeast: 0.9 } },
  },
]

/** Bursts of 1.5 s, five times as slow, that are new after the fault; and a change that the bound allows, which is no tail. */
export const tail: readonly Cell[] = [
  {
    name: 'new bursts, one in 60 s',
    story: { ...minute, newBursts: { every: 60, length: 1.5, factor: 5 } },
    factor: 1.5,
    targets: { tailFailed: { atMost: 0.05 } },
  },
  {
    name: 'new bursts, one in 20 s',
    story: { ...healthy, window: 300, gap: 60, newBursts: { every: 20, length: 1.5, factor: 5 } },
    factor: 1.5,
    targets: {},
  },
  { name: '+40 % all over, 1.5x', story: { ...minute, slower: 0.4 }, factor: 1.5, targets: {} },
]

/** A baseline that moves. */
export const stability: readonly Cell[] = [
  { name: 'step of +50 % half-way', story: { ...minute, baselineStep: 0.5 }, factor: 1.2, targets: { unstable: { atLeast: 0.65 } } },
  { name: 'ramp of +30 %', story: { ...minute, baselineRamp: 0.3 }, factor: 1.2, targets: { drift: { atLeast: 0.5 } } },
]

/** Promised to come true in 80 % of runs; a minute cannot show all the noise of a system that wanders slowly, so the target lies lower. */
const keeps: Cell['targets'] = { kept: { atLeast: 0.55 } }

export const precision: readonly Cell[] = [
  { name: 'finds, 1.5x, 60 s', story: minute, factor: 1.5, promise: 'finds', targets: keeps },
  { name: 'proves, 60 s', story: minute, factor: 1.5, promise: 'proves', targets: keeps },
  { name: 'finds, 1.5x, 30 s', story: { ...healthy, window: 30, gap: 30 }, factor: 1.5, promise: 'finds', targets: keeps },
  { name: 'proves, 30 s', story: { ...healthy, window: 30, gap: 30 }, factor: 1.5, promise: 'proves', targets: keeps },
]

/** In this order, so that the seeds of the older rows stay what they were. */
export const cells: readonly Cell[] = [...recovery, ...tail, ...stability, ...precision]
