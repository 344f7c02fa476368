/** The log beside a proxy's registry entry: one line for each injected HTTP fault and whatever else is worth one. Bounded. */
import { createWriteStream, renameSync, rmSync, statSync, type WriteStream } from 'node:fs'
import { masked } from '../../system/masking.ts'

export interface LogFile {
  line(text: string): void
  /** Resolves when all is out. An empty log is removed. */
  close(): Promise<void>
}

/** Bytes; then it becomes `log.1`, and the one before that is gone. */
const limit = 8 * 1024 * 1024

/** Never fails: a full disk must not end a proxy. */
export function openLogFile(path: string): LogFile {
  let size = sizeOf(path)
  let stream = open(path)
  return {
    line(text) {
      if (stream.writableLength > limit) return // The disk does not keep up.
      if (size > limit) {
        stream.end()
        quietly(() => renameSync(path, `${path}.1`))
        size = 0
        stream = open(path)
      }
      const line = `${new Date().toISOString()} ${masked(text)}\n`
      size += Buffer.byteLength(line)
      stream.write(line)
    },
    async close() {
      await new Promise<void>((resolve) => {
        stream.once('close', resolve)
        stream.end()
      })
      if (sizeOf(path) === 0) quietly(() => rmSync(path, { force: true }))
    },
  }
}

function open(path: string): WriteStream {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
  stream.on('error', () => {}) // It closes itself then; lines go nowhere.
  return stream
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function quietly(act: () => void): void {
  try {
    act()
  } catch {
    // Nobody is left to tell.
  }
}
