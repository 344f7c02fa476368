/** Chance that repeats itself: the same seed, fault and number of a request give the same numbers, whatever else happens meanwhile. */

/** In [0, 1): number `draw` of those for request `count`. */
export function drawOf(seed: number, fault: string, count: number, draw = 0): number {
  let hash = 0x811c9dc5 ^ seed
  for (let at = 0; at < fault.length; at++) hash = Math.imul(hash ^ fault.charCodeAt(at), 0x01000193)
  hash = mixed(hash ^ mixed(count + Math.imul(draw + 1, 0x9e3779b1)))
  return mixed(hash) / 4_294_967_296
}

/** The finisher of MurmurHash3 (A. Appleby, public domain). */
function mixed(value: number): number {
  let hash = value >>> 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
