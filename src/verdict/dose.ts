/** Was the fault as strong as asked? What was achieved against what was asked at that very time, over many looks: one second is noisy. */
import type { ChangeRecord, ChangeTimes, LookRecord } from '../records/run-data.ts'
import { digits, quantity, seconds } from './numbers.ts'
import { median } from './quantile.ts'

/** Share by which the achieved dose may differ from the asked one (`format.md` §3). */
const slack = 0.2
/** Share of a dial's highest value below which a difference is within what can be measured: a ramp may begin at nothing. */
const grain = 0.05
/** A ramp is judged in parts, so that one that stops half-way shows; each has this many looks at least. */
const parts = 4
const enough = 3

interface Pair {
  at: number
  asked: number
  got: number
}

/** In words, or undefined. Only doses whose name is a numeric parameter of the fault, or one of its dials, are compared. */
export function doseProblem(change: ChangeRecord, spec: Readonly<Record<string, unknown>>): string | undefined {
  const looks = whileActive(change)
  for (const key of new Set([...Object.keys(spec), ...Object.keys(change.ramp?.dials ?? {})])) {
    const pairs = looks.flatMap((look) => pairOf(look, key, spec[key]))
    const dial = change.ramp?.dials[key]
    const highest = dial ? Math.max(dial.from, dial.to) : 0
    for (const part of split(pairs, dial ? parts : 1)) {
      if (part.length < (dial ? enough : 1)) continue
      const [asked, got] = [median(part.map((pair) => pair.asked)), median(part.map((pair) => pair.got))]
      if (Math.abs(got - asked) <= Math.max(slack * Math.abs(asked), grain * highest)) continue
      const shown = (value: number): string => (dial ? quantity(value, dial.unit) : digits(value))
      const when = dial ? ` from +${seconds((part[0] as Pair).at)} on` : ''
      return `${key} was ${shown(got)}, asked for ${shown(asked)}${when}`
    }
  }
  return undefined
}

/** Looks while the fault was meant to be there, each time it was. */
export function whileActive(change: ChangeRecord): LookRecord[] {
  const times: ChangeTimes[] = [...(change.earlier ?? []), change]
  return change.looks.filter(
    ({ at, active }) =>
      active === true && times.some(({ activeAt = 0, undoAt = Number.POSITIVE_INFINITY }) => at >= activeAt && at < undoAt),
  )
}

function pairOf({ at, dose, asked }: LookRecord, key: string, constant: unknown): Pair[] {
  const [got, wanted] = [dose?.[key], asked?.[key] ?? constant]
  if (typeof got !== 'number' || !Number.isFinite(got) || typeof wanted !== 'number' || (wanted === 0 && !asked)) return []
  return [{ at, asked: wanted, got }]
}

/** As many parts of about the same length as have enough looks each. */
function split(pairs: readonly Pair[], most: number): Pair[][] {
  const count = Math.max(1, Math.min(most, Math.floor(pairs.length / enough)))
  return Array.from({ length: count }, (_, n) => pairs.slice((n * pairs.length) / count, ((n + 1) * pairs.length) / count))
}
