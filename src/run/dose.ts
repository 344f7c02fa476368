/** Was the fault as strong as asked? Judged over all looks, since one second is noisy. */
import type { LookRecord } from '../records/run-data.ts'

/** Share of the asked strength below which a fault counts as weaker than asked (`format.md` §3). */
const enough = 0.8

/** In words, or null. Only doses whose name is a numeric parameter of the fault are compared. */
export function doseShortfall(looks: readonly LookRecord[], asked: Readonly<Record<string, unknown>>): string | null {
  for (const [name, wanted] of Object.entries(asked)) {
    if (typeof wanted !== 'number' || wanted <= 0) continue
    const seen = looks.filter((look) => look.active).flatMap((look) => look.dose?.[name] ?? [])
    if (seen.length < 3) continue
    const typical = median(seen)
    if (typical < enough * wanted) return `${name} reached ${round(typical)} of ${round(wanted)} asked`
  }
  return null
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
