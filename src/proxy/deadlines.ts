/**
 * Calls back at moments of the monotonic clock, never early. Node's timers count whole milliseconds and may fire up to one early, so
 * most of the wait is a timer, and the rest of a precise one, less than 1 ms, is turns of the event loop. See docs/decisions/0020.
 */
import { monotonicMs } from '../system/clock.ts'

export interface Deadline {
  readonly at: number
  cancel(): void
}

interface Entry extends Deadline {
  call: (() => void) | null
  precise: boolean
}

/** A heap by time: all deadlines of the process share one timer. */
const heap: Entry[] = []
let timer: NodeJS.Timeout | null = null
let timerFor = Number.POSITIVE_INFINITY
let spinning = false

/** ms before a precise deadline when waiting by turns begins. */
const spinFrom = 1.05

/** `at` in ms of `monotonicMs()`. Not precise: up to about 1 ms late, and nothing is spent on it. */
export function callAt(at: number, call: () => void, precise: boolean): Deadline {
  const entry: Entry = {
    at,
    call,
    precise,
    cancel() {
      entry.call = null // It leaves the heap when its time comes.
    },
  }
  push(entry)
  if (heap[0] === entry) arm()
  return entry
}

function arm(): void {
  dropCancelled()
  const first = heap[0]
  if (!first || spinning) return
  const left = first.at - monotonicMs()
  if (first.precise && left <= spinFrom) return spin()
  const wakeAt = first.precise ? first.at - spinFrom : first.at
  if (timer && timerFor <= wakeAt) return
  if (timer) clearTimeout(timer)
  timerFor = wakeAt
  // Fractions are cut off by the timer: a precise one is woken early and turns, another one late.
  const wait = wakeAt - monotonicMs()
  timer = setTimeout(onTimer, Math.max(1, first.precise ? Math.floor(wait) : Math.ceil(wait)))
}

function onTimer(): void {
  timer = null
  timerFor = Number.POSITIVE_INFINITY
  fire()
}

function spin(): void {
  spinning = true
  setImmediate(() => {
    spinning = false
    fire()
  })
}

function fire(): void {
  const now = monotonicMs()
  try {
    for (;;) {
      const first = heap[0]
      if (!first || (first.call !== null && first.at > now)) break
      pop()
      const { call } = first
      first.call = null
      call?.()
    }
  } finally {
    arm() // A defect in one call must not stop the clock for all others.
  }
}

function dropCancelled(): void {
  while (heap[0] && heap[0].call === null) pop()
}

function push(entry: Entry): void {
  let index = heap.push(entry) - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    const above = heap[parent] as Entry
    if (above.at <= entry.at) break
    heap[index] = above
    index = parent
  }
  heap[index] = entry
}

function pop(): void {
  const last = heap.pop()
  if (!last || heap.length === 0) return
  let index = 0
  for (;;) {
    const left = 2 * index + 1
    if (left >= heap.length) break
    const right = left + 1
    const child = right < heap.length && (heap[right] as Entry).at < (heap[left] as Entry).at ? right : left
    if ((heap[child] as Entry).at >= last.at) break
    heap[index] = heap[child] as Entry
    index = child
  }
  heap[index] = last
}
