/** What an injector gets from the guardian. */

import { SquallError } from '../errors.ts'
import type { Context, Json } from '../faults/injector.ts'
import { seededRandom } from '../system/random.ts'

export interface ContextOptions {
  /** `<run>/<key>` */
  mark: string
  deadline: Date
  signal: AbortSignal
  folder: string
  seed: number
  secrets: Readonly<Record<string, string>>
  log(line: string): void
  save(state: Json): Promise<void>
}

export function createContext(options: ContextOptions): Context<Json> {
  return {
    mark: options.mark,
    deadline: options.deadline,
    signal: options.signal,
    folder: options.folder,
    log: options.log,
    random: seededRandom(options.seed),
    save: options.save,
    secret(name) {
      const value = options.secrets[name]
      if (value !== undefined) return Promise.resolve(value)
      return Promise.reject(new SquallError('secret-missing', `the secret ${name} is not set`))
    },
  }
}
