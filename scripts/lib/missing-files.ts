/** While the house is being built: a source file that is not there yet is left out and named, so that the rest can be run. */
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Plugin } from 'esbuild'
import { root } from './root.ts'

export const missingFilesLater: Plugin = {
  name: 'missing-files-later',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir, importer }) => {
      const file = join(resolveDir, path)
      if (existsSync(file)) return undefined
      process.stderr.write(`not there yet: ${relative(root, file)} (wanted by ${relative(root, importer)})\n`)
      return { path: `./not-there-yet/${relative(root, file)}`, external: true }
    })
  },
}
