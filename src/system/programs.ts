/** Programs that an author names in a document: where they are, and how they ended. */
import { isAbsolute, resolve } from 'node:path'
import { SquallError } from '../errors.ts'
import { type Finished, findProgram } from './children.ts'
import { masked } from './masking.ts'

/**
 * The argument vector with the program's absolute path. One with a slash lies beside the document; a bare name is found now, so that a later
 * PATH can't change it.
 * @throws SquallError `program-missing`
 */
export function absoluteProgram([program = '', ...rest]: readonly string[], folder: string): [string, ...string[]] {
  if (program.includes('/')) return [isAbsolute(program) ? program : resolve(folder, program), ...rest]
  const found = findProgram(program)
  if (!found) throw new SquallError('program-missing', `the program ${program} is not on the PATH`)
  return [found, ...rest]
}

/** How it ended, with the last line that it said: `ended with 3: no such queue`. */
export function endWords(result: Finished): string {
  const said = lastLine(result.stderr) || lastLine(result.stdout)
  const how = result.failed
    ? `could not be started: ${result.failed.message}`
    : result.timedOut
      ? 'took too long and was ended'
      : result.tooMuch
        ? 'printed too much and was ended'
        : `ended with ${result.code ?? result.signal}`
  return said ? `${how}: ${said}` : how
}

export function lastLine(text: string): string {
  // Masked before it is cut: half a secret is not found any more.
  return masked(text).trim().split('\n').at(-1)?.slice(0, 300) ?? ''
}
