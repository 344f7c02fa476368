/**
 * Values of `${secret:NAME}`: the environment first, else the project's file of `NAME=value` lines. Whoever needs one reads it here,
 * keeps it in memory only, and it is masked from then on.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { SquallError } from '../errors.ts'
import { hideValue, shortestSecret } from './masking.ts'

export interface Secrets {
  readonly file?: string
  /** @throws SquallError `secret-missing`, `secret-too-short`, `secrets-not-trusted` */
  value(name: string): string
  /** The same as a promise, for the contracts of sources and faults. */
  read(name: string): Promise<string>
  /** True when it has a value; says nothing about the value. */
  has(name: string): boolean
}

/** `file`: absolute path; only this user may read it. It is read when the environment lacks a name; what was read once stays as it was. */
export function openSecrets(file?: string): Secrets {
  const known = new Map<string, string>()
  const value = (name: string): string => {
    const found = known.get(name) ?? lookUp(name, file)
    if (found === undefined)
      throw new SquallError('secret-missing', `the secret ${name} is not set`, {
        hint: `Set the environment variable ${name}${file ? `, or write ${name}=… into ${file}` : ', or name a file with secrets: in squall.yaml'}.`,
      })
    if (found.length < shortestSecret)
      throw new SquallError('secret-too-short', `the secret ${name} has fewer than ${shortestSecret} characters: it could not be masked`)
    hideValue(found)
    known.set(name, found)
    return found
  }
  return {
    ...(file === undefined ? {} : { file }),
    value,
    read: async (name) => value(name),
    has: (name) => lookUp(name, file) !== undefined,
  }
}

/** An empty value is none. */
function lookUp(name: string, file: string | undefined): string | undefined {
  return process.env[name] || (file === undefined ? undefined : secretsIn(file).get(name)) || undefined
}

/** @throws SquallError `file-not-readable`; `secrets-not-trusted` when others can read or write it, or it belongs to somebody else */
export function secretsIn(file: string): Map<string, string> {
  let fd: number
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK) // A pipe of that name must not hold us up.
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new SquallError('file-not-readable', `the secrets file ${file} cannot be read (${code ?? message})`, { cause: error })
  }
  try {
    const stat = fstatSync(fd)
    const { uid, mode } = stat
    if (!stat.isFile()) throw new SquallError('file-not-readable', `the secrets file ${file} is no file`)
    if (uid !== process.getuid?.()) throw new SquallError('secrets-not-trusted', `the secrets file ${file} belongs to uid ${uid}`)
    if ((mode & 0o077) !== 0)
      throw new SquallError('secrets-not-trusted', `others may read or write the secrets file ${file} (mode ${(mode & 0o777).toString(8)})`)
    return parseSecrets(readFileSync(fd, 'utf8'))
  } finally {
    closeSync(fd)
  }
}

/** `NAME=value`; a value may stand in quotes; `#` begins a comment line. Lines that are none of these are passed over, never quoted. */
function parseSecrets(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line)
    if (match?.[1] !== undefined) found.set(match[1], unquoted(match[2] ?? ''))
  }
  return found
}

function unquoted(value: string): string {
  return /^(["']).*\1$/.test(value) && value.length > 1 ? value.slice(1, -1) : value
}
