/**
 * Calls back at moments of the monotonic clock, never early. Node's timers count whole milliseconds and may fire up to one early, so
 * most of the wait is a timer, and the last millisecond of a precise one is turns of the event loop, with a short sleep in each while nothing
 * comes in. See docs/decisions/0020.
 */
import { monotonicMs } from '../system/clock.ts'

export interface Deadline {
  readonly at: number
  cancel(): void
}

interface Entry extends Deadline {
  call(): void
  precise: boolean
  /** In the heap; -1: not any more. */
  place: number
}

/** By time: all deadlines of the process share one timer. */
const heap: Entry[] = []
let timer: NodeJS.Timeout | null = null
let timerFor = Number.POSITIVE_INFINITY
let spinning = false
/** Something has come in since the last turn. */
let busy = false

/** ms before a precise deadline when waiting by turns begins: what a timer may be late. */
const spinFrom = 1.05
/** ms: while nothing comes in, a turn sleeps so long, or what is left but for `awake`. Turning without sleep would use up a core, and whoever does is made to wait by the kernel. */
const nap = 0.1
const awake = 0.15
const sleeping = new Int32Array(new SharedArrayBuffer(4))
/** ms: the longest timer that Node can set. */
const longest = 2 ** 31 - 1
/** Calls in a row before sockets get their turn. */
const inARow = 10_000

/** `at` in ms of `monotonicMs()`. Not precise: up to about 1 ms late, and nothing is spent on it. */
export function callAt(at: number, call: () => void, precise: boolean): Deadline {
  const entry: Entry = { at, call, precise, place: heap.length, cancel: () => remove(entry) }
  heap.push(entry)
  rise(entry)
  if (heap[0] === entry) arm()
  return entry
}

function arm(): void {
  const first = heap[0]
  if (!first || spinning) return
  const left = first.at - monotonicMs()
  if (left <= (first.precise ? spinFrom : 0)) return spin()
  // Fractions are cut off by the timer: a precise one is woken early and turns, another one late.
  const wait = Math.min(longest, Math.max(1, first.precise ? Math.floor(left - spinFrom) : Math.ceil(left)))
  const wakesAt = first.at - left + wait
  if (timer && timerFor <= wakesAt) return
  if (timer) clearTimeout(timer)
  timerFor = wakesAt
  timer = setTimeout(onTimer, wait)
}

function onTimer(): void {
  timer = null
  timerFor = Number.POSITIVE_INFINITY
  fire()
}

/** Whoever reads from sockets says so: while bytes come in nobody sleeps. */
export function noteBusy(): void {
  busy = true
}

function spin(): void {
  spinning = true
  setImmediate(() => {
    spinning = false
    const left = (heap[0]?.at ?? 0) - monotonicMs() - awake
    if (!busy && left > awake / 2) Atomics.wait(sleeping, 0, 0, Math.min(nap, left))
    busy = false
    fire()
  })
}

function fire(): void {
  const now = monotonicMs()
  try {
    for (let left = inARow; left > 0; left--) {
      const first = heap[0]
      if (!first || first.at > now) break
      remove(first)
      first.call()
    }
  } finally {
    arm() // A defect in one call must not stop the clock for all others.
  }
}

function remove(entry: Entry): void {
  const { place } = entry
  if (place < 0) return
  entry.place = -1
  const last = heap.pop()
  if (heap.length === 0 && timer) {
    // Nobody waits any more: a process must not be kept for a deadline that was called off.
    clearTimeout(timer)
    timer = null
    timerFor = Number.POSITIVE_INFINITY
  }
  if (!last || last === entry) return
  put(last, place)
  rise(last)
  sink(last)
}

function put(entry: Entry, place: number): void {
  heap[place] = entry
  entry.place = place
}

function rise(entry: Entry): void {
  let { place } = entry
  while (place > 0) {
    const parent = (place - 1) >> 1
    const above = heap[parent] as Entry
    if (above.at <= entry.at) break
    put(above, place)
    place = parent
  }
  put(entry, place)
}

function sink(entry: Entry): void {
  let { place } = entry
  for (;;) {
    const left = heap[2 * place + 1]
    const right = heap[2 * place + 2]
    const below = left && right && right.at < left.at ? right : left
    if (!below || below.at >= entry.at) break
    const next = below.place
    put(below, place)
    place = next
  }
  put(entry, place)
}
