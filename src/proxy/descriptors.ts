/** File descriptors that this process may still open: at its limit Node would accept connections only to close them. */
import { readFileSync } from 'node:fs'

/** Beside connections: what the program itself has open, and what a rollback or a log needs. */
const own = 48

let limit: number | undefined
/** Connections of all proxies of this process; each has two descriptors. */
let connections = 0

export function countConnection(change: 1 | -1): void {
  connections += change
}

/** Where the limit is this low a burst of connections is faster than what is needed to pause: that is made ready from the start. */
const low = 8192
/** Left free for those that arrive before accepting has paused. */
const reserve = 96

/** `soon`: get ready for it. `none`: accept nobody for now. */
export function descriptorsLeft(): 'enough' | 'soon' | 'none' {
  limit ??= readLimit()
  const used = connections * 2 + own
  // A third at most, so that some connections are served however low the limit is.
  if (used + Math.min(Math.max(reserve, limit / 5), limit / 3) > limit) return 'none'
  return limit < low || used > limit / 2 ? 'soon' : 'enough'
}

function readLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
  } catch {
    return Number.POSITIVE_INFINITY // Not Linux: it is not known.
  }
}
