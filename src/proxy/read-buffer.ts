/**
 * The buffer a socket reads into. Node reads at most as much as it holds: big ones carry bulk with few turns of the loop, small ones
 * keep idle connections cheap. So it grows when reads fill it, and shrinks when they have been small for a while.
 */

const smallest = 16 * 1024
const largest = 1024 * 1024
const factor = 4
/** Reads that use little of it before it shrinks. */
const patience = 64

/** Buffers that nobody uses, by size. */
const idle = new Map<number, Buffer[]>()
const idleLimit: Record<number, number> = { 16384: 256, 65536: 32, 262144: 16, 1048576: 8 }

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

export interface ReadOptions {
  buffer(): Buffer
  callback(bytes: number): boolean
}

/**
 * The `onread` of a socket. `receive` gets what was read; when it says that the bytes are still needed, the buffer is its own from then on.
 */
export function readInto(receive: (bytes: Buffer, whole: Buffer) => boolean): ReadOptions & { close(): void } {
  let buffer = take(smallest)
  let little = 0
  return {
    buffer: () => buffer,
    callback(bytes) {
      const whole = buffer
      const kept = receive(bytes === whole.length ? whole : whole.subarray(0, bytes), whole)
      let size = whole.length
      if (bytes === size && size < largest) size *= factor
      if (bytes * 8 > size) little = 0
      else if (size > smallest && ++little >= patience) {
        size /= factor
        little = 0
      }
      if (!kept && size === whole.length) return true
      if (!kept) giveBack(whole)
      buffer = take(size)
      return true
    },
    close() {
      giveBack(buffer)
    },
  }
}
