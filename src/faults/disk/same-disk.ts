/** Do two paths share their room? Another device number is no proof: an overlay writes to the disk below it, subvolumes share a pool. */
import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Room, roomAt } from './room.ts'

/** f_type of file systems that may be only a view of another one's room. */
const views = new Set([0x794c7630, 0x9123683e, 0x2fc12fc1, 0x65735546])

/** True also where it cannot be told for certain. `path` may lie below `/proc/PID/root`. */
export async function sharesRoom(path: string, other: string): Promise<boolean> {
  const there = nearest(other)
  const [mine, theirs] = [statSync(path), statSync(there)]
  if (mine.dev === theirs.dev) return true
  const upper = upperFolder(mine.dev)
  if (upper !== null && deviceOf(upper) === theirs.dev) return true
  const [a, b] = await Promise.all([roomAt(path), roomAt(there)])
  return (views.has(a.kind) || views.has(b.kind)) && looksAlike(a, b)
}

function looksAlike(a: Room, b: Room): boolean {
  return a.total === b.total && a.block === b.block && a.files === b.files
}

/** Where an overlay that is seen from here keeps what is written; null for other file systems. */
function upperFolder(dev: number): string | null {
  const minor = (dev & 0xff) | ((dev >> 12) & 0xfff00)
  const id = `${(dev >> 8) & 0xfff}:${minor}`
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((mount) => mount.split(' ')[2] === id && / - overlay /.test(mount))
  return /[ ,]upperdir=([^,\s]+)/.exec(line ?? '')?.[1] ?? null
}

function deviceOf(path: string): number | null {
  try {
    return statSync(path).dev
  } catch {
    return null
  }
}

/** The path, or the folder above it that is there. */
export function nearest(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    if (deviceOf(at) !== null || at === '/' || at === '.') return at
  }
}
