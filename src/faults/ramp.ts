/** How the dials of a fault move. Pure. */
import type { Dial, Fault, Ramp } from '../document/experiment.ts'
import { formatQuantity } from '../document/quantity.ts'

/** How a fault that acts for `lasts` ms moves; undefined when nothing of it does. */
export function rampOf(fault: Fault, lasts: number): Ramp | undefined {
  return fault.dials && { over: fault.ramp ?? lasts, dials: fault.dials }
}

/** What each dial is to show `elapsed` ms after the fault began. */
export function doseAt({ over, dials }: Ramp, elapsed: number): Record<string, number> {
  const way = over <= 0 ? 1 : Math.min(1, Math.max(0, elapsed / over))
  return Object.fromEntries(Object.entries(dials).map(([name, { from, to, unit }]) => [name, whole(from + way * (to - from), unit)]))
}

/** There is no half of a thing that is counted. */
function whole(value: number, unit: Dial['unit']): number {
  return unit === 'count' ? Math.round(value) : value
}

/** `load from 10% to 95% over 30s`. */
export function rampWords({ over, dials }: Ramp): string {
  const moves = Object.entries(dials).map(
    ([name, { from, to, unit }]) => `${name} from ${formatQuantity(from, unit)} to ${formatQuantity(to, unit)}`,
  )
  return `${moves.join(', ')} over ${formatQuantity(Math.round(over), 'ms')}`
}

/** What a change does, with what moves: `keep 2 processors 10 % busy, then move load from 10% to 95% over 30s`. */
export function doesWords(does: string, ramp: Ramp | undefined): string {
  return ramp ? `${does}, then move ${rampWords(ramp)}` : does
}

/** `load 48% of 50% asked`: each dial at three digits. */
export function doseWords(ramp: Ramp, asked: Readonly<Record<string, number>>, achieved: Readonly<Record<string, number>> = {}): string {
  const shown = (value: number, unit: Dial['unit']): string => formatQuantity(Number(value.toPrecision(3)), unit)
  const words = Object.entries(ramp.dials).flatMap(([name, { unit }]) => {
    const [wanted, got] = [asked[name], achieved[name]]
    if (wanted === undefined) return []
    return got === undefined ? [`${name} ${shown(wanted, unit)} asked`] : [`${name} ${shown(got, unit)} of ${shown(wanted, unit)} asked`]
  })
  return words.join(', ')
}
