/** An author's own module named by its path, as the type of a fault or a source. */
import { existsSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import type { Checking } from './check-shape.ts'
import type { Path } from './located.ts'
import { quote } from './quantity.ts'

/** True for a path to an author's own module rather than the name of a type. */
export function isModulePath(type: string): boolean {
  return /^(?:\.{0,2}\/|[A-Za-z]:[\\/])/.test(type) || /\.[cm]?[jt]s$/.test(type)
}

/** False after having collected what is wrong with the path. `what`: “an own fault”. */
export function checkModulePath({ collect }: Checking, type: string, at: Path, folder: string, what: string): boolean {
  if (!/^\.{0,2}\//.test(type))
    collect.add(at, 'value-not-allowed', `${quote(type)} could be a type or a file`, { fix: `write ./${basename(type)}` })
  else if (!/\.[cm]?[jt]s$/.test(type))
    collect.add(at, 'value-not-allowed', `${what} is a .ts, .js or .mjs file`, {
      fix: extname(type) === '' ? `write ${type}.ts` : 'write it in TypeScript, or start the program with type: command',
    })
  else if (!existsSync(resolve(folder, type)))
    collect.add(at, 'module-missing', `the file ${quote(type)} does not exist beside the document`, {
      fix: 'check the path: it is taken from the folder of the document',
    })
  else return true
  return false
}
