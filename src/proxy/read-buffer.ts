/**
 * The buffer a socket reads into. Node reads at most as much as it holds: big ones carry bulk with few turns of the loop, small ones
 * keep idle connections cheap. So it grows when reads fill it, and shrinks when they have been small for a while.
 */

const smallest = 4 * 1024
const largest = 1024 * 1024
/** Of what is held back by a fault there is much at a time: more than this and the processor's cache does not keep it. */
const heldLargest = 64 * 1024
const factor = 4
/** Reads that use little of it before it shrinks. */
const patience = 64

/** Bytes in buffers above `heldLargest` that sockets have, whether they carry anything or not. */
let big = 0
const bigLimit = 64 * 1024 * 1024

/** Buffers that nobody uses, by size. */
const idle = new Map<number, Buffer[]>()
const idleLimit: Record<number, number> = { 4096: 256, 16384: 256, 65536: 256, 262144: 16, 1048576: 8 }

function take(size: number): Buffer {
  return idle.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size)
}

/** Only for what nobody can still be reading from. */
export function giveBack(buffer: Buffer): void {
  const size = buffer.length
  let list = idle.get(size)
  if (!list) {
    list = []
    idle.set(size, list)
  }
  if (list.length < (idleLimit[size] ?? 0)) list.push(buffer)
}

/** What became of bytes that were read: passed on; lent, so that their buffer is needed a little longer; or held by a fault. */
export type Use = 'passed' | 'lent' | 'held'

export interface ReadOptions {
  buffer(): Buffer
  callback(bytes: number): boolean
}

/** The `onread` of a socket. Of bytes that `receive` does not call passed the buffer is its own from then on. */
export function readInto(receive: (bytes: Buffer, whole: Buffer) => Use): ReadOptions & { close(): void } {
  let buffer = take(smallest)
  let little = 0

  function nextSize(bytes: number, size: number, use: Use): number {
    if (bytes * 8 > size) little = 0
    else if (size > smallest && ++little >= patience) {
      little = 0
      return size / factor
    }
    const most = use === 'held' ? heldLargest : largest
    if (bytes < size || size === most) return Math.min(size, most)
    const grown = Math.min(size * factor, most)
    return grown > heldLargest && big + grown - countsAs(size) > bigLimit ? size : grown
  }

  return {
    buffer: () => buffer,
    callback(bytes) {
      const whole = buffer
      const { length } = whole
      const use = receive(bytes === length ? whole : whole.subarray(0, bytes), whole)
      const size = nextSize(bytes, length, use)
      if (size !== length) big += countsAs(size) - countsAs(length)
      if (use === 'passed' && size === length) return true
      if (use === 'passed') giveBack(whole)
      buffer = take(size)
      return true
    },
    close() {
      big -= countsAs(buffer.length)
      giveBack(buffer)
    },
  }
}

function countsAs(size: number): number {
  return size > heldLargest ? size : 0
}
