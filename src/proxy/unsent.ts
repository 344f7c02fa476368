/** A reset throws away what the kernel still has to send. Where all that has passed must arrive before it, the kernel's own list tells when it has. */
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

/** ms between two looks: short first, since the other side mostly reads. */
const shortest = 1
const longest = 64

const waiting = new Map<Socket, () => void>()
let pause = shortest
let timer: NodeJS.Timeout | undefined

/** Calls when the other side's kernel has all that was written, or when that cannot be known, or never will be. */
export function whenArrived(socket: Socket, then: () => void): void {
  waiting.set(socket, then)
  pause = shortest
  timer ??= setTimeout(look, 0)
}

/** One look for all that wait: the list is as long as this machine has connections. */
function look(): void {
  const unsent = bytesUnsent()
  for (const [socket, then] of waiting) {
    if (!socket.destroyed && (unsent.get(`${socket.localPort} ${socket.remotePort}`) ?? 0) > 0) continue
    waiting.delete(socket)
    then()
  }
  timer = waiting.size > 0 ? setTimeout(look, pause) : undefined
  pause = Math.min(longest, pause * 2)
}

/** By local and remote port. Empty where the system has no such list. */
function bytesUnsent(): Map<string, number> {
  const found = new Map<string, number>()
  for (const name of ['tcp', 'tcp6']) {
    let text: string
    try {
      text = readFileSync(`/proc/net/${name}`, 'latin1')
    } catch {
      continue
    }
    for (const [, local = '', remote = '', unsent = ''] of text.matchAll(
      /:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):/g,
    ))
      if (unsent !== '00000000') found.set(`${Number.parseInt(local, 16)} ${Number.parseInt(remote, 16)}`, Number.parseInt(unsent, 16))
  }
  return found
}
