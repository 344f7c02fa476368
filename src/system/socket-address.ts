/** Unix sockets with paths of any length. */
import { closeSync, constants, openSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** The kernel takes at most 107 bytes of path: a longer one is reached through a descriptor of its folder. Call `done` once it listens or is connected. */
export function socketAddress(path: string): { address: string; done(): void } {
  if (Buffer.byteLength(path) <= 107) return { address: path, done: () => {} }
  const fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY)
  return { address: join('/proc/self/fd', String(fd), basename(path)), done: () => closeSync(fd) }
}
