/** Numbers for people: three digits that matter, the unit they think in. */
import type { Unit } from '../document/experiment.ts'

export function digits(x: number): string {
  if (!Number.isFinite(x)) return x > 0 ? '∞' : '-∞'
  const rounded = Math.abs(x) >= 1000 ? Math.round(x) : Number(x.toPrecision(3))
  return String(Object.is(rounded, -0) || Math.abs(rounded) < 1e-9 ? 0 : rounded)
}

export function signed(x: number): string {
  const text = digits(x)
  return text.startsWith('-') || text === '0' ? text : `+${text}`
}

const suffixes: Record<Unit, string> = { ms: ' ms', share: ' %', '/s': '/s', bytes: ' bytes', 'bit/s': ' bit/s', count: '' }

/** `300 ms`, `5 %`, `48.2/s`. */
export function quantity(x: number, unit: Unit): string {
  return digits(unit === 'share' ? x * 100 : x) + suffixes[unit]
}

/** `+12 ms`, `+5 pp`. */
export function change(x: number, unit: Unit): string {
  return unit === 'share' ? `${signed(x * 100)} pp` : signed(x) + suffixes[unit]
}

/** A ratio as people say it: 1.31 is `+31 %`. From 10x on as a multiple. */
export function ratio(x: number): string {
  return x >= 10 ? `${digits(x)}x` : `${percentMore(x)} %`
}

/** The change behind a ratio in per cent, without the unit: a tenth is more than anybody can use. */
export function percentMore(x: number): string {
  return signed(Math.round((x - 1) * 1000) / 10)
}

/** How long something took: `225 ms`, `7 s`. */
export function span(ms: number): string {
  return ms < 1000 ? `${digits(ms)} ms` : seconds(ms)
}

/** ms as seconds. */
export function seconds(ms: number): string {
  return `${digits(ms / 1000)} s`
}
