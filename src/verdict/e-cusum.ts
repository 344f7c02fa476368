/** Repeated looking without crying wolf: an e-CUSUM of Bernoulli likelihood ratios (Shin, Ramdas & Rinaldo 2023). */
export interface ECusum {
  /** One tick with `bad` events of `total`; true: more than `limit` of the events go wrong. */
  add(bad: number, total: number): boolean
}

const multiples = [1.25, 1.5, 2, 3, 5, 10, 20, 50]
const falseAlarms = 0.05

/**
 * Each alternative p1 keeps S ← max(S, 1)·L with L = (p1/p0)^bad · ((1−p1)/(1−p0))^(total−bad); alarm when their mean reaches ticks/0.05:
 * P(false alarm in `ticks` ticks) ≤ 5 % as long as no tick's expected share is above the limit, whatever the dependence between ticks.
 * @param limit allowed share 0…1; at 1 nothing can be more, so it never alarms
 */
export function createECusum(limit: number, ticks: number): ECusum {
  const p0 = Math.max(1e-6, limit)
  // A limit near 1 has no multiples below 1: half the way there is the alternative.
  const alternatives = [
    ...new Set(
      multiples.map((times) => (p0 * times < 1 ? Math.min(p0 * times, Math.max(0.99, (1 + p0) / 2)) : Math.max(0.99, (1 + p0) / 2))),
    ),
  ].filter((p1) => p1 > p0)
  // Logarithms: a thousand failures in a tick would overflow the ratio itself.
  const logs = alternatives.map(() => 0)
  const alarm = Math.max(1, ticks) / falseAlarms
  return {
    add(bad, total) {
      // Where nothing is allowed, one is proof.
      if (limit <= 0) return bad > 0
      let mean = 0
      for (const [i, p1] of alternatives.entries()) {
        const step = bad * Math.log(p1 / p0) + (total - bad) * Math.log((1 - p1) / (1 - p0))
        const log = Math.max(0, logs[i] as number) + step
        logs[i] = log
        mean += Math.exp(Math.min(700, log)) / alternatives.length
      }
      return mean >= alarm
    },
  }
}
