/** What is simulated, and what the judge promises there. */
import type { Story } from './worlds.ts'

export interface Cell {
  name: string
  story: Story
  /** The recovery bound on p99. */
  factor: number
  /** Shares 0…1 of all runs in a world; none: shown only. */
  targets: { failed?: { atMost?: number; atLeast?: number }; passed?: { atMost?: number; atLeast?: number } }
}

const healthy = { rate: 50, slower: 0, moreErrors: 0, errors: 0 }

export const cells: readonly Cell[] = [
  { name: 'A/A, 1.2x, 60 s', story: { ...healthy, window: 60, gap: 120 }, factor: 1.2, targets: { failed: { atMost: 0.065 } } },
  { name: 'A/A, 1.2x, 300 s', story: { ...healthy, window: 300, gap: 120 }, factor: 1.2, targets: { failed: { atMost: 0.01 } } },
  { name: 'A/A, 1.5x, 30 s', story: { ...healthy, window: 30, gap: 60 }, factor: 1.5, targets: { failed: { atMost: 0.01 } } },
  {
    name: 'A/A, 1.5x, 60 s',
    story: { ...healthy, window: 60, gap: 60 },
    factor: 1.5,
    targets: { failed: { atMost: 0.01 }, passed: { atLeast: 0.9 } },
  },
  {
    name: 'A/A, 1.5x, 60 s, 0.3 % errors',
    story: { ...healthy, window: 60, gap: 60, errors: 0.003 },
    factor: 1.5,
    targets: { failed: { atMost: 0.01 } },
  },
  { name: '+100 %, 1.5x, 30 s', story: { ...healthy, window: 30, gap: 60, slower: 1 }, factor: 1.5, targets: {} },
  {
    name: '+100 %, 1.5x, 60 s',
    story: { ...healthy, window: 60, gap: 60, slower: 1 },
    factor: 1.5,
    targets: { failed: { atLeast: 0.75 }, passed: { atMost: 0.02 } },
  },
  {
    name: '+2 pp errors, 1.5x, 60 s',
    story: { ...healthy, window: 60, gap: 60, errors: 0.003, moreErrors: 0.02 },
    factor: 1.5,
    targets: { failed: { atLeast: 0.9 } },
  },
]
