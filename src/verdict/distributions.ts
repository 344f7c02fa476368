/** Normal and Student t quantiles, accurate to about 1e-9: every interval of the judge stands on them. */

/** Standard normal distribution function: Taylor series in the middle, Laplace's continued fraction in the tails (Abramowitz & Stegun 26.2.10, 26.2.14). */
function normalCdf(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
  if (Math.abs(x) < 4) {
    let term = x
    let sum = x
    for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && k < 200; k++) {
      term *= (x * x) / (2 * k + 1)
      sum += term
    }
    return 0.5 + density * sum
  }
  const t = Math.abs(x)
  let fraction = t
  for (let k = 60; k > 0; k--) fraction = t + k / fraction
  return x > 0 ? 1 - density / fraction : density / fraction
}

/** ln Γ(x) for x > 0: Stirling's series (Abramowitz & Stegun 6.1.41) after moving x above 12, where five terms are exact to 1e-13. */
function logGamma(x: number): number {
  let shift = 0
  let z = x
  while (z < 12) shift += Math.log(z++)
  const w = 1 / (z * z)
  const series = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w / 1188)))) / z
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series - shift
}

/** Regularised incomplete beta function I_x(a, b) by its continued fraction (Abramowitz & Stegun 26.5.8), evaluated by Lentz's method. */
function betaShare(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - betaShare(1 - x, b, a)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x)) / a
  const tiny = 1e-300
  let c = 1
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny)
  let h = d
  for (let m = 1; m < 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / (1 + even * d || tiny)
    c = 1 + even / c || tiny
    h *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / (1 + odd * d || tiny)
    c = 1 + odd / c || tiny
    const step = d * c
    h *= step
    if (Math.abs(step - 1) < 1e-13) break
  }
  return front * h
}

/** P(T > x) for x ≥ 0. */
function tTail(x: number, df: number): number {
  return betaShare(df / (df + x * x), df / 2, 0.5) / 2
}

const remembered = new Map<string, number>()

/** The same few quantiles are asked for again and again. */
function remember(key: string, find: () => number): number {
  const known = remembered.get(key)
  if (known !== undefined) return known
  const found = find()
  if (remembered.size > 500) remembered.clear()
  remembered.set(key, found)
  return found
}

/** Quantile of the standard normal distribution, 0 < p < 1. */
export function normalQuantile(p: number): number {
  return remember(`${p}`, () => (p < 0.5 ? -upperQuantile(p, (x) => normalCdf(-x)) : upperQuantile(1 - p, (x) => normalCdf(-x))))
}

/** Quantile of Student's t with `df` > 0 degrees of freedom (any real number), 0 < p < 1; above 1e6 the normal quantile. */
export function tQuantile(p: number, df: number): number {
  if (df > 1e6) return normalQuantile(p)
  return remember(`${p}/${df}`, () => (p < 0.5 ? -upperQuantile(p, (x) => tTail(x, df)) : upperQuantile(1 - p, (x) => tTail(x, df))))
}

/** The x ≥ 0 with tail(x) = q for 0 < q ≤ 0.5 and a falling `tail`, by bisection. */
function upperQuantile(q: number, tail: (x: number) => number): number {
  let low = 0
  let high = 2
  while (tail(high) > q && high < 1e12) high *= 2
  for (let i = 0; i < 100 && high - low > 1e-11 * (1 + low); i++) {
    const middle = (low + high) / 2
    if (tail(middle) > q) low = middle
    else high = middle
  }
  return (low + high) / 2
}
