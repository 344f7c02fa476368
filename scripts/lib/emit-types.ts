/** The declarations of what the package exports, by tsc; imports end in `.js`, as the outside expects. */
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from './programs.ts'
import { root } from './root.ts'

/** Throws with tsc's own text when a type is wrong. */
export async function emitTypes(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  const flags = ['--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--rootDir', join(root, 'src'), '--outDir', folder]
  const result = await runProgram('tsc', ['-p', join(root, 'tsconfig.types.json'), ...flags])
  if (result.code !== 0) throw new Error(`tsc could not make the declarations:\n${result.output}`)
  for (const file of globSync('**/*.d.ts', { cwd: folder })) {
    const path = join(folder, file)
    writeFileSync(path, readFileSync(path, 'utf8').replace(/((?:from|import\()\s*['"]\.{1,2}\/[^'"]*)\.ts(['"])/g, '$1.js$2'))
  }
}
