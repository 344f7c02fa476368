/** The child of `document/read-typescript.ts`: imports one document and prints its default export as one line of JSON. */
import { writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { TypescriptAnswer } from '../document/read-typescript.ts'

const path = process.argv[2] ?? ''

function answer(content: TypescriptAnswer): void {
  let line = Buffer.from(`\n${JSON.stringify({ squall: content })}\n`)
  while (line.length > 0) {
    try {
      line = line.subarray(writeSync(1, line))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

/** What JSON cannot say must not vanish silently: `undefined` may, functions and the like may not. */
function refuseUnspeakable(value: unknown, at: string, seen: readonly unknown[] = []): void {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
    throw new TypeError(`${at}: a ${typeof value} cannot stand in a document`)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${at}: ${value} cannot stand in a document`)
  if (typeof value !== 'object' || value === null) return
  if (seen.includes(value)) throw new TypeError(`${at}: refers to itself`)
  for (const [key, item] of Object.entries(value)) refuseUnspeakable(item, at === '' ? key : `${at}.${key}`, [...seen, value])
}

try {
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown }
  const value = module.default
  if (typeof value !== 'object' || value === null)
    throw Object.assign(new TypeError('it has no experiment as its default export'), { code: 'NO_EXPERIMENT' })
  refuseUnspeakable(value, '')
  answer({ value })
} catch (error) {
  const failed = error instanceof Error ? error : new Error(String(error))
  const code = (failed as NodeJS.ErrnoException).code
  answer({ error: { message: failed.message, stack: failed.stack ?? '', ...(code !== undefined && { code }) } })
  process.exitCode = 1
}
