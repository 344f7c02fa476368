/** Files that must not be lost, forged or followed elsewhere. */
import { closeSync, constants, fstatSync, fsyncSync, lstatSync, openSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

/** Writes all bytes: one write may take fewer than asked and still return normally (a full tmpfs does). */
export async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    if (bytesWritten === 0) throw new Error('the file system took no more bytes')
    done += bytesWritten
  }
}

/** Makes the creation or removal of entries of a folder durable. */
export function syncFolder(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Why this file or folder may not be trusted, or null when it is ours alone: no link, our uid, nobody else may write,
 * and a file has one name only. Root acts on nothing else (`safety.md` rule 26).
 */
export function distrust(path: string, kind: 'file' | 'folder'): string | null {
  const stat = lstatSync(path)
  if (stat.isSymbolicLink()) return 'it is a symbolic link'
  if (kind === 'file' ? !stat.isFile() : !stat.isDirectory()) return `it is not a ${kind}`
  if (stat.uid !== process.getuid?.()) return `it belongs to uid ${stat.uid}`
  if ((stat.mode & 0o022) !== 0) return 'others may write to it'
  if (kind === 'file' && stat.nlink !== 1) return 'it has more than one name'
  return null
}

/** Opens a file that `distrust` accepts, without following a link, and checks that it is still the same one. */
export function openTrusted(path: string, flags: number): number {
  const reason = distrust(path, 'file')
  if (reason) throw new Error(`${path}: ${reason}`)
  const before = lstatSync(path)
  const fd = openSync(path, flags | constants.O_NOFOLLOW)
  const after = fstatSync(fd)
  if (after.ino === before.ino && after.dev === before.dev && after.nlink === 1) return fd
  closeSync(fd)
  throw new Error(`${path}: it was exchanged while being opened`)
}
