/** Where a direction leaves. */
import type { Socket } from 'node:net'
import { endOf, resetOf, whenTaken } from './endings.ts'
import { giveBack } from './read-buffer.ts'
import { whenArrived } from './unsent.ts'

export interface Outlet {
  /** `whole`: the buffer that `data` lies in, when nobody needs it after that. `alone`: in a segment of its own, as far as the kernel goes along. */
  write(data: Buffer, whole?: Buffer, alone?: boolean): void
  end(): void
  /** `last`: when the other side's kernel has everything. */
  reset(last?: boolean): void
  /** Bytes not taken yet. */
  waiting(): number
}

/** `socket` is asked each time: another may take its place. */
export function socketOutlet(socket: () => Socket): Outlet {
  let corked = false
  /** Lent to the socket until it has sent all of them. */
  let lent: Buffer[] = []

  /** Little that waits tells nobody when it has gone: whoever comes next looks. */
  function settle(to: Socket): void {
    if (lent.length === 0 || to.writableLength > 0) return
    for (const buffer of lent) giveBack(buffer)
    lent = []
  }

  return {
    waiting: () => socket().writableLength,
    write(data, whole, alone) {
      const to = socket()
      if (!corked) {
        settle(to)
        // What becomes due at once leaves in one call.
        corked = true
        to.cork()
        process.nextTick(() => {
          corked = false
          to.uncork()
          settle(to)
        })
      }
      to.write(data)
      if (whole) lent.push(whole)
      if (!alone) return
      to.uncork()
      to.cork()
    },
    end: () => endOf(socket()),
    reset(last) {
      const to = socket()
      const reset = (): void => resetOf(to)
      whenTaken(to, last ? () => whenArrived(to, reset) : reset)
    },
  }
}
