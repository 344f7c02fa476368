/** For scripts/generate-*.ts: writes the file, or with `--check` only compares. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { root } from './root.ts'

/** Sets exit code 1 when `--check` was given and the file is not what it should be. */
export function writeGenerated(path: string, text: string): void {
  const now = existsSync(path) ? readFileSync(path, 'utf8') : undefined
  if (now === text) return
  if (!process.argv.includes('--check')) return writeFileSync(path, text)
  process.stderr.write(`${relative(root, path)} is not up to date: npm run check -- --fix\n`)
  process.exitCode = 1
}
