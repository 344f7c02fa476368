/** How much more one of a pair did than the other, over rounds in which both were measured one after the other. */
import { normalQuantile } from '../../src/verdict/distributions.ts'
import { median } from '../../src/verdict/quantile.ts'

export interface Ratio {
  estimate: number
  /** 95 %, both sides; with fewer than 6 rounds only the extremes that were seen. */
  from: number
  to: number
}

/**
 * Hodges and Lehmann's estimate on logarithms, with the interval of Wilcoxon's signed ranks: a round that a neighbour on the machine spoiled for one of
 * the two weighs little. @param ours, theirs one number a round, in the same order
 */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): Ratio {
  const logs = ours.map((value, round) => Math.log(value / (theirs[round] as number)))
  const means = logs.flatMap((first, index) => logs.slice(index).map((second) => (first + second) / 2)).sort((a, b) => a - b)
  const rounds = logs.length
  const spread = normalQuantile(0.975) * Math.sqrt((rounds * (rounds + 1) * (2 * rounds + 1)) / 24)
  const out = Math.max(0, Math.floor((rounds * (rounds + 1)) / 4 - spread))
  const at = (index: number): number => Math.exp(means[index] ?? Number.NaN)
  return { estimate: Math.exp(median(means)), from: at(out), to: at(means.length - 1 - out) }
}
