/** Newline-delimited JSON over a stream. */
import type { Readable, Writable } from 'node:stream'

/** Calls `onMessage` for each line; a line that is not JSON is handed to `onBad`. */
export function readMessages<T>(stream: Readable, onMessage: (message: T) => void, onBad: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') continue
      let message: T
      try {
        message = JSON.parse(line) as T
      } catch {
        onBad(line)
        continue
      }
      onMessage(message)
    }
  })
}

/** A broken pipe is reported through the stream's own `error` event, never thrown. */
export function sendMessage(stream: Writable, message: unknown): void {
  if (!stream.destroyed && stream.writable) stream.write(`${JSON.stringify(message)}\n`)
}
