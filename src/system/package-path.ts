/** Files of Squall's own package: two folders up from the sources, one from the bundle. */
import { fileURLToPath } from 'node:url'

/** `schema/experiment.json` → its absolute path. */
export function packagePath(relative: string): string {
  const here = import.meta.url
  return fileURLToPath(new URL(`${here.endsWith('.ts') ? '../..' : '..'}/${relative}`, here))
}
