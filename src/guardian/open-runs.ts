/** Which runs are not closed yet: an empty marker file each, so that every command finds leftovers without reading all journals. */
import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { syncFolder } from '../system/files.ts'

export function markOpen(state: string, run: string): void {
  const folder = join(state, 'open')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  closeSync(openSync(join(folder, run), 'w', 0o600))
  syncFolder(folder)
}

/** Only when every change has an end that no sweep has to look at again. A mark that cannot be removed costs a look at the next sweep. */
export function unmarkOpen(state: string, run: string, log: (line: string) => void): void {
  try {
    rmSync(join(state, 'open', run), { force: true })
  } catch (error) {
    log(`the mark of the open run: ${(error as Error).message}`)
  }
}

export function openRuns(state: string): string[] {
  try {
    return readdirSync(join(state, 'open')).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
