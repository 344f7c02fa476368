/** The text of a file, or the problem with reading it. */
import { isUtf8 } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import type { Problem } from './problems.ts'

/** Bytes; the largest document anybody meant is far below. */
export const largestDocument = 1024 * 1024

/** A document or a project file. */
export function readText(path: string): string | Problem {
  try {
    if (statSync(path).size > largestDocument) return tooLarge(path)
    return textOf(readFileSync(path), path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    const [why, fix] = reasons[code] ?? [String(error), 'check the path and its permissions']
    return lonely(path, 'file-not-readable', why, fix)
  }
}

/** The text of bytes that are UTF-8, as every YAML and JSON document is. */
export function textOf(bytes: Buffer, file: string): string | Problem {
  if (bytes.length > largestDocument) return tooLarge(file)
  if (isUtf8(bytes)) return bytes.toString()
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  return lonely(file, 'syntax', `the text is ${utf16 ? 'UTF-16' : 'not UTF-8'}`, 'save it as UTF-8')
}

/** A problem of the whole file. */
export function lonely(file: string, code: Problem['code'], message: string, fix?: string): Problem {
  return { code, severity: 'error', message, ...(fix !== undefined && { fix }), file, line: 1, column: 1, excerpt: '', length: 1 }
}

function tooLarge(file: string): Problem {
  return lonely(file, 'too-large', 'the file is larger than 1MiB', 'write one experiment, without copies')
}

const reasons: Readonly<Partial<Record<string, readonly [why: string, fix: string]>>> = {
  ENOENT: ['there is no such file', 'check the path; it is taken from the working directory'],
  ENOTDIR: ['a part of the path is no folder', 'check the path; it is taken from the working directory'],
  EISDIR: ['this is a folder', 'name a file in it'],
  EACCES: ['reading it is not permitted', 'give yourself the right to read it'],
}
