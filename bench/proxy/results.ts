/** From numbers of rounds to a table with a verdict a line. */
import { median } from '../../src/verdict/quantile.ts'
import { type Measure, measures, type Round } from './measures.ts'
import { type Ratio, ratioOf } from './ratio.ts'
import type { Which } from './subjects.ts'
import { type Variant, variants } from './variants.ts'

export type Results = Record<string, Partial<Record<Which, Round[]>>>

/** Held while memory is looked at: twice as many descriptors in each process. */
export const idleConnections = 5000

export interface Row {
  what: string
  /** Medians of the rounds, with unit. */
  values: Partial<Record<Which, string>>
  /** Ours / Toxiproxy. */
  ratio: Ratio | null
  target: string
  ok: boolean | null
}

export function judge(results: Results, memory: Partial<Record<Which, [before: number, during: number]>> | null): Row[] {
  const rows = variants.flatMap((variant) =>
    measures.flatMap((measure) => {
      const of = results[variant.name]
      return of === undefined ? [] : judgeOne(variant, measure, of)
    }),
  )
  if (memory !== null) rows.push(memoryRow(memory))
  return rows
}

function judgeOne(variant: Variant, { name, unit, digits, gate }: Measure, of: Partial<Record<Which, Round[]>>): Row[] {
  const series = (which: Which): number[] => (of[which] ?? []).flatMap((round) => round[name] ?? [])
  const [ours, theirs] = [series('squall'), series('Toxiproxy')]
  if (ours.length === 0 || theirs.length === 0) return []
  const ratio = ratioOf(ours, theirs)
  const bound = gate(variant)
  const whiches = Object.keys(of) as Which[]
  const values = Object.fromEntries(whiches.map((which) => [which, `${median(series(which)).toFixed(digits)} ${unit}`]))
  const ok = bound === null ? null : bound.end === 'from' ? ratio.from >= bound.limit : ratio.to <= bound.limit
  const target = bound === null ? 'shown only' : `${bound.end === 'from' ? 'from ≥' : 'to ≤'} ${bound.limit}`
  return [{ what: `${variant.name}: ${name}`, values, ratio, target, ok }]
}

function memoryRow(memory: Partial<Record<Which, [before: number, during: number]>>): Row {
  const values = Object.fromEntries(
    Object.entries(memory).map(([which, [before, during]]) => [which, `${during.toFixed(0)} MB (${before.toFixed(0)} before)`]),
  )
  return { what: `memory at ${idleConnections} idle connections`, values, ratio: null, target: 'shown only', ok: null }
}

export function shown(facts: Record<string, string | number>, rows: readonly Row[]): string {
  const whiches = ['direct', 'node pipe', 'Toxiproxy', 'squall'] as const
  const head = ['', ...whiches, 'ratio', '95 % from…to', 'target', '']
  const cells = rows.map(({ what, values, ratio, target, ok }) => [
    what,
    ...whiches.map((which) => values[which] ?? ''),
    ratio?.estimate.toFixed(2) ?? '',
    ratio ? `${ratio.from.toFixed(2)}…${ratio.to.toFixed(2)}` : '',
    target,
    ok === null ? '' : ok ? 'ok' : 'missed',
  ])
  const table = [head, ...cells]
  const widths = head.map((_, column) => Math.max(...table.map((row) => (row[column] ?? '').length)))
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ')}\nratio: squall / Toxiproxy, medians of the rounds in the columns\n\n${lines.join('\n')}\n`
}
