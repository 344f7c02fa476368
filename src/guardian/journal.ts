/**
 * The journal of a run: what was about to be changed, written down and synced before it is changed.
 * One file, preallocated in blocks so that a full disk can't stop the records a rollback needs.
 * A record is `newline + CRC-32 (8 hex) + space + JSON`; what follows the last one is NUL bytes.
 */
import { closeSync, constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Place } from '../document/experiment.ts'
import type { Json } from '../faults/injector.ts'
import type { ChangeState } from '../records/run-data.ts'
import { openTrusted, syncFolder, writeAll } from '../system/files.ts'
import { maskedData } from '../system/masking.ts'
import type { Identity } from './identity.ts'
import type { ChangeSummary, ProcessId } from './protocol.ts'

export const blockSize = 64 * 1024

export interface JournalHeader {
  is: 'header'
  format: 1
  version: string
  run: string
  experiment: string
  documentHash: string
  folder: string
  uid: number
  identity: Identity
  runner: ProcessId
  guardian: ProcessId
  /** ms since boot and ms since the epoch. */
  deadlineBoot: number
  deadlineWall: number
  /** Path of the project's file of secrets, for a sweep. */
  secretsFile?: string
}

/** Everything needed to undo one change from nothing but the journal. */
export interface PlannedRecord extends ChangeSummary {
  is: 'planned'
  /** Of the target: with the type it says which injector undoes it. */
  place?: Place
  state: Json
  /** The user's own module: its path and the hash of what was loaded. */
  module?: { path: string; hash: string }
  /** Names of secrets needed to undo; never their values. */
  secrets?: string[]
  /** ms; how long after the rollback to look again. */
  settle?: number
}

export type JournalRecord =
  | JournalHeader
  | PlannedRecord
  /** Carries the state again: one damaged record must not make a change unknown. */
  | (Omit<PlannedRecord, 'is'> & { is: 'injecting' })
  | { is: 'saved'; key: string; state: Json }
  | { is: 'change'; key: string; state: ChangeState; why?: string }
  | { is: 'run'; state: 'armed' | 'broken' | 'closed'; why?: string }

export interface Journal {
  /** Durable when the promise resolves. After the first failure every append fails at once. */
  append(record: JournalRecord): Promise<void>
  readonly broken: Error | null
  close(): Promise<void>
}

export function encodeRecord(record: JournalRecord): Buffer {
  const json = JSON.stringify(maskedData(record))
  return Buffer.from(`\n${checksum(json)} ${json}`, 'utf8')
}

export function checksum(json: string): string {
  return (crc32(Buffer.from(json, 'utf8')) >>> 0).toString(16).padStart(8, '0')
}

/** Creates the file; it must not exist. */
export async function createJournal(path: string, header: JournalHeader): Promise<Journal> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  await writeAll(file, Buffer.alloc(blockSize), 0)
  await file.sync()
  syncFolder(dirname(path))
  const journal = appender(file, 0, blockSize)
  await journal.append(header)
  return journal
}

/**
 * Opens an existing one to go on behind its last byte; `end` and `size` come from reading it. fs/promises can't adopt a
 * descriptor, so the trusted one is opened again through /proc, which follows exactly this file.
 */
export async function reopenJournal(path: string, end: number, size: number): Promise<Journal> {
  const fd = openTrusted(path, constants.O_RDWR)
  try {
    return appender(await open(`/proc/self/fd/${fd}`, constants.O_RDWR), end, size)
  } finally {
    closeSync(fd)
  }
}

/** Stands for a journal that cannot be opened any more: what it knows is still undone, nothing new is written down. */
export function brokenJournal(broken: Error): Journal {
  return { append: () => Promise.reject(broken), broken, close: () => Promise.resolve() }
}

function appender(file: FileHandle, end: number, allocated: number): Journal {
  let position = end
  let size = allocated
  let broken: Error | null = null
  let last: Promise<void> = Promise.resolve()
  const write = async (bytes: Buffer): Promise<void> => {
    if (broken) throw broken
    try {
      if (position + bytes.length > size) {
        await writeAll(file, Buffer.alloc(blockSize), size)
        size += blockSize
      }
      await writeAll(file, bytes, position)
      await file.datasync()
      position += bytes.length
    } catch (error) {
      broken = error as Error
      throw error
    }
  }
  return {
    append(record) {
      const bytes = encodeRecord(record)
      const next = last.then(() => write(bytes))
      last = next.catch(() => {}) // The caller of append is told; the next one is told by `broken`.
      return next
    },
    get broken() {
      return broken
    },
    async close() {
      await last
      await file.close()
    },
  }
}
