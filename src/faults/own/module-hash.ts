/** What a user's module consists of: itself and everything it imports by a relative path. */
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { SquallError } from '../../errors.ts'

const specifier = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])(\.{1,2}\/[^'"]+)\1/g
/** An import whose file is known only when it runs: it could not be covered by the hash. */
const unseen = /\b(?:import|require)\s*\(\s*(?!(['"])[^'"\n]*\1\s*[,)])\S[^\n]{0,40}/
const filesAtMost = 500

/**
 * SHA-256 over the content of all these files, in order of their paths.
 * @throws SquallError `module-not-usable` when one is missing, a link, or there are too many
 */
export function moduleHash(path: string): string {
  const files = new Map<string, Buffer>()
  const open = [path]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (files.has(next)) continue
    if (files.size >= filesAtMost) throw new SquallError('module-not-usable', `${path} imports more than ${filesAtMost} files`)
    const content = readModuleFile(next)
    files.set(next, content)
    const hidden = unseen.exec(content.toString('utf8'))?.[0]
    if (hidden !== undefined) throw new SquallError('module-not-usable', `${next} imports what cannot be known beforehand: ${hidden}`)
    for (const match of content.toString('utf8').matchAll(specifier)) {
      const imported = resolve(dirname(next), match[2] as string)
      if (existsSync(imported)) open.push(imported)
    }
  }
  const hash = createHash('sha256')
  for (const [name, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${name}\0${content.length}\0`).update(content)
  return hash.digest('hex')
}

function readModuleFile(path: string): Buffer {
  try {
    if (!lstatSync(path).isFile()) throw new Error('it is not a plain file')
    return readFileSync(path)
  } catch (error) {
    throw new SquallError('module-not-usable', `${path} cannot be used: ${(error as Error).message}`)
  }
}
