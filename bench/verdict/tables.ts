/** The tables of the bench: what was found beside what was promised. */
import { type Cell, cells, precision, recovery, stability, type Target, tail } from './plan.ts'
import type { Counts, Tally } from './simulate.ts'
import { worlds } from './worlds.ts'

/** By index of the cell and name of the world. */
export type Found = Map<string, Tally>

interface Column {
  head: string
  /** Shown as a share of `of`, all runs when left out. */
  what: keyof Counts
  of?: keyof Counts
}

interface Table {
  title: string
  rows: readonly Cell[]
  columns: readonly Column[]
  /** Held in every row and system, beside the rows' own targets. */
  promised?: Partial<Record<keyof Counts, Target>>
}

/** Nothing was injected in the first five rows: they are placebo runs. */
const placebos = recovery.slice(0, 5)

const all: readonly Table[] = [
  {
    title:
      "recovery: the question under latency_p99 with its tail, error_rate, throughput; the rest can't tell. run passed: all three questions",
    rows: recovery,
    columns: [
      { head: 'failed', what: 'failed' },
      { head: 'passed', what: 'passed' },
      { head: 'run passed', what: 'runPassed' },
      { head: 'plain rule', what: 'plainFailed' },
      { head: 'its p99 alone', what: 'plainP99Failed' },
    ],
    promised: { zeroErrorsFailed: { atMost: 0 } },
  },
  {
    title:
      'false alarms where nothing was injected: a placebo run, the halves of its baseline (of those that could tell), an unstable baseline, the tail. Promised where the system stays what it is: 5 %, 5 %, 5 % for each of three measures, 5 %',
    rows: placebos,
    columns: [
      { head: 'placebo', what: 'alarm' },
      { head: 'halves', what: 'halvesAlarm', of: 'halvesTold' },
      { head: 'could tell', what: 'halvesTold' },
      { head: 'unstable', what: 'unstable' },
      { head: 'tail', what: 'tailFailed' },
      { head: "tail can't tell", what: 'tailOpen' },
    ],
    promised: { alarm: { atMost: 0.065 }, halvesAlarm: { atMost: 0.05 }, unstable: { atMost: 0.15 }, tailFailed: { atMost: 0.05 } },
  },
  {
    title: 'the tail check: found by it, by the series of p99 alone, by the run',
    rows: tail,
    columns: [
      { head: 'tail', what: 'tailFailed' },
      { head: "can't tell", what: 'tailOpen' },
      { head: 'series', what: 'seriesFailed' },
      { head: 'run failed', what: 'failed' },
      { head: 'run passed', what: 'runPassed' },
    ],
  },
  {
    title: 'a baseline that moves: called unstable, or its drift noted',
    rows: stability,
    columns: [
      { head: 'unstable', what: 'unstable' },
      { head: 'drift noted', what: 'drift' },
      { head: 'run passed', what: 'runPassed' },
    ],
  },
  {
    title: 'planned precision, from the run’s own baseline: promised to come true in 80 % of the runs in which it was promised',
    rows: precision,
    columns: [
      { head: 'came true', what: 'kept', of: 'promised' },
      { head: 'promised at all', what: 'promised' },
    ],
  },
]

/** `quick`: a target is missed only when luck explains it in less than one of a thousand. */
export function tables(found: Found, quick: boolean): { lines: string[]; met: boolean } {
  let met = true
  const lines = all.flatMap(({ title, rows, columns, promised = {} }) => {
    const body = rows.flatMap((row) =>
      Object.keys(worlds).map((world) => {
        const tally = found.get(`${cells.indexOf(row)}/${world}`)
        if (!tally) throw new Error(`no result for ${row.name} in ${world}`)
        const missed = misses({ ...promised, ...ownTargets(row, columns) }, tally, quick)
        met &&= missed.length === 0
        const values = columns.map(({ head, what, of }) => percent(tally, what, of).padStart(Math.max(head.length, 7)))
        return `${row.name.padEnd(32)} ${world.padEnd(8)} ${values.join('  ')}  ${missed.length > 0 ? `MISSED: ${missed.join(', ')}` : 'ok'}`
      }),
    )
    const heads = columns.map(({ head }) => head.padStart(7))
    return ['', title, `${'row'.padEnd(32)} ${'system'.padEnd(8)} ${heads.join('  ')}  targets`, ...body]
  })
  return { lines, met }
}

/** A row may stand in two tables: its targets count where their column is. */
function ownTargets({ targets }: Cell, columns: readonly Column[]): Cell['targets'] {
  return Object.fromEntries(Object.entries(targets).filter(([what]) => columns.some((column) => column.what === what)))
}

function percent({ runs, counts }: Tally, what: keyof Counts, of?: keyof Counts): string {
  const all = of ? counts[of] : runs
  return all === 0 ? '–' : `${((100 * counts[what]) / all).toFixed(1)} %`
}

function misses(targets: Cell['targets'], { runs, counts }: Tally, quick: boolean): string[] {
  return (Object.entries(targets) as [keyof Counts, Target][]).flatMap(([what, { atMost, atLeast }]) => {
    const of = what === 'kept' ? counts.promised : runs
    const out: string[] = []
    if (atMost !== undefined && above(counts[what], of, atMost, quick)) out.push(`${what} ≤ ${100 * atMost} %`)
    if (atLeast !== undefined && above(of - counts[what], of, 1 - atLeast, quick)) out.push(`${what} ≥ ${100 * atLeast} %`)
    return out
  })
}

function above(count: number, of: number, share: number, quick: boolean): boolean {
  if (!quick || share === 0) return count > of * share + 1e-9
  let probability = 1
  let term = (1 - share) ** of
  for (let k = 0; k < count; k++) {
    probability -= term
    term *= ((of - k) / (k + 1)) * (share / (1 - share))
  }
  return probability < 0.001
}
