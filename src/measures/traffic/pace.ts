/** When each request is meant to start, and which one of the mix it is. Decided ahead, so the answers cannot slow the questions. */
import { seededRandom } from '../../system/random.ts'

/** Uniform arrivals: start of the i-th request in ms, without drift. `rate` per second. */
export function intendedStart(first: number, rate: number, index: number): number {
  return first + (index * 1000) / rate
}

/** Picks indexes of `weights` at random in proportion; the same seed gives the same sequence. */
export function mixer(weights: readonly number[], seed: number): () => number {
  if (weights.length === 1) return () => 0
  const random = seededRandom(seed)
  let total = 0
  const upTo = weights.map((weight) => (total += weight))
  return () => {
    const at = random() * total
    const index = upTo.findIndex((limit) => at < limit)
    return index === -1 ? weights.length - 1 : index
  }
}

/** A number out of a text (FNV-1a, 32 bit): the seed of a run that was given none. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
