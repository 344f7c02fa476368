/** The project's own files, for the tests about the code itself. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root: string = join(import.meta.dirname, '..', '..')

export interface SourceFile {
  /** From the project's folder: `src/run/run.ts`. */
  path: string
  text: string
  /** The text with comments blanked out, line numbers kept. */
  code: string
}

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Hand-written TypeScript under the given folders, in order of path. */
export function sources(...folders: string[]): SourceFile[] {
  const files = globSync(
    folders.map((folder) => `${folder}/**/*.{ts,cjs}`),
    { cwd: root },
  )
  return files
    .filter((path) => !path.includes('/generated/') && !path.includes('node_modules/'))
    .sort()
    .map((path) => ({ path, text: read(path), code: withoutComments(read(path)) }))
}

/** Good enough for our own style: a comment stands on lines of its own or after a blank; URLs in strings have none before `//`. */
function withoutComments(text: string): string {
  const blank = (comment: string): string => comment.replace(/[^\n]/g, ' ')
  return text.replace(/(^|\s)\/\*[\s\S]*?\*\//g, blank).replace(/(^|\s)\/\/[^\n]*/g, blank)
}

/** `path:line` of each match. */
export function places(file: SourceFile, pattern: RegExp): string[] {
  return file.code.split('\n').flatMap((line, i) => (pattern.test(line) ? [`${file.path}:${i + 1}: ${line.trim()}`] : []))
}
