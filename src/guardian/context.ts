/** What an injector gets from the guardian. */

import { secretNames } from '../document/secrets.ts'
import { SquallError } from '../errors.ts'
import type { Context, Json } from '../faults/injector.ts'
import { holdsSecret } from '../system/masking.ts'
import { seededRandom } from '../system/random.ts'

export interface ContextOptions {
  /** `<run>/<key>` */
  mark: string
  deadline: Date
  signal: AbortSignal
  folder: string
  seed: number
  /** Values of the secrets that the document names for this fault. */
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
    async secret(wanted) {
      const name = secretNames(wanted)[0] ?? wanted
      const value = options.secrets[name]
      if (value !== undefined) return value
      throw new SquallError('secret-missing', `needs the secret ${name}, which the document does not name for this fault`, {
        hint: `Name it there: with: { … : "\${secret:${name}}" }.`,
      })
    },
  }
}

/** State is journaled, and a masked state could not be undone: so a value in it is refused. @throws SquallError `secret-in-state` */
export function mustHoldNoSecret(state: Json): void {
  if (holdsSecret(JSON.stringify(state))) throw new SquallError('secret-in-state', 'the state of the fault holds the value of a secret')
}
