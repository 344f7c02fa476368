/** `squall history | head -1`: what happens when nobody reads our output any more. */
import { endProcess } from '../system/exit.ts'
import type { Streams } from './output.ts'

const gone = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'])

/**
 * A command that only reads ends at once and quietly. One that acts must not be ended by its output: it goes on
 * (`run` also takes the loss as a wish to stop, with a listener of its own). Any other error of a stream is thrown.
 */
export function quietWhenUnread(streams: Streams, reads: boolean): void {
  const onError = (error: NodeJS.ErrnoException): void => {
    if (!gone.has(error.code ?? '')) throw error
    if (reads) endProcess(0)
  }
  streams.stdout.on('error', onError)
  streams.stderr.on('error', onError)
}
