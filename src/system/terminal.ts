/**
 * Output that never blocks. Node writes to terminals and pipes synchronously: a terminal that nobody reads (Ctrl-S) would stop
 * the event loop for ever. So the descriptor is opened anew with O_NONBLOCK, lines wait in a bounded queue, frames are dropped.
 */
import { closeSync, constants, fstatSync, openSync, write } from 'node:fs'
import { monotonicMs, sleep } from './clock.ts'
import { masked, maskedOutput } from './masking.ts'

export interface NonBlockingWriter {
  /** Kept until it can be written; beyond 1 MiB waiting, the oldest give way. */
  line(text: string): void
  /** Written now or not at all; false: not at all. */
  frame(text: string): boolean
  /** Waits until all is written, `ms` at most. */
  drain(ms: number): Promise<void>
  /** What is still waiting is given up. */
  close(): void
}

const queueLimit = 1024 * 1024

/** `onGone` is told once when nobody reads any more: EPIPE, EIO. */
export function nonBlockingWriter(fd: 1 | 2, onGone: (error: Error) => void): NonBlockingWriter {
  const own = reopen(fd)
  const queue: Buffer[] = []
  let waiting = 0
  let busy = false
  let gone = false
  let closed = false
  const giveUp = (): void => {
    gone = true
    queue.length = 0
    waiting = 0
  }
  const lost = (error: Error): void => {
    if (gone) return
    giveUp()
    onGone(error)
  }
  const release = (): void => {
    if (closed && !busy && own !== fd) closeSync(own)
  }
  const pump = (): void => {
    const next = queue[0]
    if (busy || gone || !next) return
    busy = true
    write(own, next, 0, next.length, null, (error, written) => {
      busy = false
      if (closed) return release()
      if (error && error.code !== 'EAGAIN') return lost(error)
      if (!error && written === next.length) queue.shift()
      else if (!error) queue[0] = next.subarray(written)
      waiting -= error ? 0 : written
      if (error) setTimeout(pump, 20)
      else pump()
    })
  }
  const add = (text: string): void => {
    if (gone) return
    const bytes = Buffer.from(text, 'utf8')
    queue.push(bytes)
    waiting += bytes.length
    // The head may be half written: what gives way is what comes after it.
    while (waiting > queueLimit && queue.length > 2) waiting -= queue.splice(1, 1)[0]?.length ?? 0
    pump()
  }
  return {
    line: (text) => add(`${maskedOutput(text)}\n`),
    frame(text) {
      const free = queue.length === 0 && !busy && !gone
      if (free) add(masked(text))
      return free
    },
    async drain(ms) {
      const end = monotonicMs() + ms
      while (!gone && queue.length > 0 && monotonicMs() < end) await sleep(10)
    },
    // What nobody has read by now stays unread: trying on would keep the process from ending for as long as the terminal stands still.
    close() {
      if (closed) return
      closed = true
      giveUp()
      release()
    },
  }
}

/**
 * A description of our own, so that O_NONBLOCK does not change the one we share with the shell. A socket can't be opened anew; a
 * file never blocks, and a description of our own would have an offset of its own.
 */
function reopen(fd: 1 | 2): number {
  try {
    if (fstatSync(fd).isFile()) return fd
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_APPEND)
  } catch {
    return fd
  }
}
