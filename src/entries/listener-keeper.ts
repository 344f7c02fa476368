/** Holds a listening socket that nobody accepts from: connections wait in the kernel's queue, or are not answered when that is full. */
import { endProcess } from '../system/exit.ts'

let kept: unknown

process.on('message', (message: { say?: string }, handle) => {
  if (message.say === 'keep') {
    kept = handle
    process.send?.({ say: 'kept' })
  } else if (message.say === 'give back') {
    process.send?.({ say: 'here' }, kept as never, {}, () => {
      // Only ours has the descriptor from here on.
      ;(kept as { close?(): void } | undefined)?.close?.()
      kept = undefined
    })
  }
})
process.on('disconnect', () => endProcess(0))
