/** Which documents an argument of `validate` means: a file, or those of a folder. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'

/** How an experiment differs from the other YAML and JSON of a repository. */
const mark = /(?:^|[{,])\s*"?(?:hypothesis|faults)"?\s*:/m

/** Paths in a fixed order. A folder means its experiments in YAML and JSON, with those of its folders; TypeScript is run, so it must be named. */
export function experimentFiles(path: string): string[] {
  return isFolder(path) ? experimentsIn(path) : [path]
}

function experimentsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return experimentsIn(path)
      return ['.yaml', '.yml', '.json'].includes(extname(entry.name)) && entry.isFile() && mark.test(readFileSync(path, 'utf8'))
        ? [path]
        : []
    })
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
