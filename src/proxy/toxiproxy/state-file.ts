/** `--state FILE`: the proxies and their toxics, so that they are there again after a restart. Always a whole file, the old one or the new one. */
import { accessSync, constants, readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SquallError } from '../../errors.ts'
import { sleep } from '../../system/clock.ts'
import { syncFolder, writeAll } from '../../system/files.ts'
import type { ProxySpec } from './bodies.ts'
import { type KeptProxy, readKept, writeKept } from './kept-proxies.ts'
import type { Log } from './log.ts'

/** ms that an answer waits for the disk. */
const patience = 500

export interface StateFile {
  /** What was kept; empty when there is no file yet. */
  found: KeptProxy[]
  /** Resolves when what is now is on disk, or when that takes too long or is not possible: the log says so. */
  save(): Promise<void>
  /** Waits for the last write. */
  close(): Promise<void>
}

/** @throws SquallError when the file is there and is no state, or cannot be read; when its folder is not there, or not ours to write to */
export function openStateFile(path: string, now: () => { spec: Readonly<ProxySpec>; toxics: KeptProxy['toxics'] }[], log: Log): StateFile {
  const found = readState(path)
  let writing: Promise<void> | null = null
  let next: Promise<void> | null = null

  let onDisk = ''
  const write = async (): Promise<void> => {
    try {
      const text = writeKept(now())
      if (text === onDisk) return // A call that was refused has changed nothing.
      await replaceFile(path, Buffer.from(text))
      onDisk = text
    } catch (error) {
      log('error', 'The state was not written: after a restart an older one would be found', {
        file: path,
        error: (error as Error).message,
      })
    }
  }
  /** One write at a time; all who come during one share the next. */
  const queue = (): Promise<void> => {
    if (!writing) {
      writing = write().finally(() => {
        writing = null
      })
      return writing
    }
    next ??= writing.then(() => {
      next = null
      return queue()
    })
    return next
  }
  return {
    found,
    async save() {
      const written = new AbortController()
      const late = sleep(patience, written.signal).then(() => !written.signal.aborted)
      if (await Promise.race([queue().then(() => false), late])) log('warn', 'The state is not on disk yet', { file: path })
      written.abort()
    },
    async close() {
      await Promise.all([writing, next])
    },
  }
}

function readState(path: string): KeptProxy[] {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return noneYet(path)
    throw new SquallError('file-not-readable', `the state file ${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
  try {
    return readKept(bytes)
  } catch (error) {
    throw new SquallError('proxy-state', `${path} is not a state of squall proxy: ${(error as Error).message}`, { cause: error })
  }
}

function noneYet(path: string): [] {
  try {
    accessSync(dirname(path), constants.W_OK)
    return []
  } catch (error) {
    throw new SquallError('file-not-written', `the state file ${path} cannot be made: ${(error as Error).message}`, { cause: error })
  }
}

/** A rename takes the place of a file at once: whoever is killed before it leaves the old one, and a `.new` that nobody reads. */
async function replaceFile(path: string, bytes: Buffer): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await writeAll(file, bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  syncFolder(dirname(path))
}
