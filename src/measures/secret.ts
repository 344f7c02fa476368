/** Secrets of sources and of the load: read where they are used, kept nowhere. */
import { SquallError } from '../errors.ts'

/** The value of the environment variable `name`. @throws SquallError `secret-missing` */
export async function environmentSecret(name: string): Promise<string> {
  const value = process.env[name]
  if (value === undefined) throw new SquallError('secret-missing', `the secret ${name} is not set`)
  return value
}
