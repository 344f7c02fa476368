/** Squall's own version, from package.json: two folders up in the sources, one in the bundle. */
import { readFileSync } from 'node:fs'

export const version: string = readVersion()

function readVersion(): string {
  const here = import.meta.url
  const file = new URL(here.endsWith('.ts') ? '../../package.json' : '../package.json', here)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
