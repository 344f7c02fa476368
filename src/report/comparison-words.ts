/** A comparison in words: the same sentences for the terminal and for Markdown. */

import type { Contrast } from '../verdict/contrast.ts'
import { change, percentMore, quantity, ratio, signed } from '../verdict/numbers.ts'
import type { Comparison } from './comparison.ts'
import { decisionMarks } from './observed.ts'

/** The question, in one sentence. */
export function documentWords({ sameExperiment, sameDocument, document }: Comparison): string {
  if (!sameExperiment) return `two different experiments, which differ in ${keys(document.length)}`
  return sameDocument ? 'the same experiment, unchanged' : `the same experiment, changed in ${keys(document.length)}`
}

function keys(count: number): string {
  return count === 1 ? 'one key' : `${count} keys`
}

/** `lower: -36.4 pp [-40.1, -32.8]`: what is shown, with its interval. */
export function contrastWords({ found, why, estimate, interval: [lo, hi], scale, unit }: Contrast): string {
  if (estimate === null || why !== undefined) return `${found} (${why})`
  const end = (value: number | null, open: string): string => {
    if (value === null) return open
    return scale === 'ratio' ? percentMore(value) : signed(unit === 'share' ? value * 100 : value)
  }
  const size = scale === 'ratio' ? ratio(estimate) : change(estimate, unit)
  return `${found}: ${size} [${end(lo, '-∞')}, ${end(hi, '∞')}]`
}

/** What a run showed: `≥ 1000 ms` where requests timed out. */
export function contrastValue(contrast: Contrast, run: 'a' | 'b'): string {
  const value = contrast[run]
  return value === null ? 'no data' : `${contrast.cut[run] ? '≥ ' : ''}${quantity(value, contrast.unit)}`
}

/** `✗ breached → ✓ held`, or one of them when both are the same. */
export function boundWords({ a, b }: Comparison['bounds'][number]): string {
  const [one, other] = [a, b].map((cell) => (cell ? `${decisionMarks[cell.decision]} ${cell.decision}` : 'not judged'))
  return one === other ? `${one} in both` : `${one} → ${other}`
}
