/** Finds the file of one of Squall's own processes and worker threads, in the sources and in the bundle alike. */
import { fileURLToPath } from 'node:url'

/** `guardian` → `src/entries/guardian.ts` in development, `dist/guardian.js` once bundled (all chunks lie flat in dist). */
export function entryPath(name: string): string {
  const here = import.meta.url
  return fileURLToPath(here.endsWith('.ts') ? new URL(`../entries/${name}.ts`, here) : new URL(`./${name}.js`, here))
}
