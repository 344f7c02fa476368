/** What a metric's name says about its unit: Prometheus’ own convention, base units as suffixes. */
import type { Check } from '../source.ts'

type UnitOf = Pick<Check, 'unit' | 'factor'>

const suffixes: [RegExp, UnitOf][] = [
  [/_seconds$/, { unit: 'ms', factor: 1000 }],
  [/_(milliseconds|ms)$/, { unit: 'ms' }],
  [/_bytes$/, { unit: 'bytes' }],
  [/_ratio$/, { unit: 'share' }],
]

/** Of a gauge, or of a histogram's edges (`…_bucket`). */
export function unitOfName(metric: string): UnitOf {
  const base = metric.replace(/_bucket$/, '')
  return suffixes.find(([suffix]) => suffix.test(base))?.[1] ?? {}
}

/** A counter of things gives things per second; one of seconds or bytes has a unit that bounds do not know. */
export function unitOfRate(metric: string): UnitOf {
  const counted = metric.replace(/_total$/, '')
  return /_(seconds|bytes)(_sum)?$/.test(counted) ? {} : { unit: '/s' }
}

/** Only where the outermost call is histogram_quantile is the unit that of the edges. */
export function unitOfExpression(text: string, metrics: readonly string[]): UnitOf {
  const [metric] = metrics
  return metric !== undefined && /^histogram_quantile\s*\(/.test(text) && closesAtEnd(text) ? unitOfName(metric) : {}
}

function closesAtEnd(text: string): boolean {
  let depth = 0
  for (let i = text.indexOf('('); i < text.length; i++) {
    if (text[i] === '(') depth++
    else if (text[i] === ')' && --depth === 0) return i === text.length - 1
  }
  return false
}
