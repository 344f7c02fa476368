/** Where a direction leaves. */
import type { Socket } from 'node:net'
import { endOf, resetOf } from './endings.ts'

export interface Outlet {
  write(data: Buffer): void
  end(): void
  reset(): void
  /** Bytes not taken yet. */
  readonly waiting: number
}

/** `socket` is asked each time: another may take its place. */
export function socketOutlet(socket: () => Socket): Outlet {
  let corked = false
  return {
    get waiting() {
      return socket().writableLength
    },
    write(data) {
      const to = socket()
      if (!corked) {
        // What becomes due at once leaves in one call.
        corked = true
        to.cork()
        process.nextTick(() => {
          corked = false
          to.uncork()
        })
      }
      to.write(data)
    },
    end: () => endOf(socket()),
    reset: () => resetOf(socket()),
  }
}
