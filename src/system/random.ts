/** Seeded randomness: the same seed gives the same run. */

/** A generator of numbers in [0, 1) (mulberry32, public domain, T. Ettinger 2017). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
}

/** `20261123-143015-k3f9`: sorts by time, short enough to type. */
export function newRunId(now = new Date()): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
  return `${stamp}-${Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => alphabet[byte % 32]).join('')}`
}
