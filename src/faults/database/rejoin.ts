/** How the old primary comes back when another server is primary by now: never as a second one. */
import { existsSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fillSecrets } from '../../document/secrets.ts'
import { SquallError } from '../../errors.ts'
import { readHost } from '../../measures/database/hosts.ts'
import { findProgram } from '../../system/children.ts'
import type { EndedServer } from './end-server.ts'
import type { DatabasePlace } from './find.ts'
import type { ProcessServer } from './process-server.ts'
import type { Asking } from './roles.ts'
import { runAs } from './run-as.ts'

/** `start`: as it was, whatever the others are. */
export type Rejoin = 'start' | 'rewind' | 'reclone' | 'manual'

/** ms that rewinding or cloning may take: a rollback has 30 s. */
const timeLimit = 25_000

/** Makes its data those of a standby of `primary`; a sentence when that is left to people. @throws Error with what the tool said */
export async function rejoin(state: EndedServer, primary: string, context: Asking & { log(line: string): void }): Promise<string | null> {
  const { server, host } = state
  if (state.rejoin === 'manual')
    return `${host} is down and ${primary} is primary, as the document asked: make it a standby of ${primary} (pg_rewind or pg_basebackup) and start it`
  if (state.rejoin === 'rewind') await rewind(state, primary, context)
  else await reclone(state, primary, context)
  context.log(`${host} comes back as a standby of ${primary} (${state.rejoin})`)
  await writeFile(join(server.data, 'standby.signal'), '', { flag: 'a' })
  return null
}

async function rewind({ server, place }: EndedServer, primary: string, context: Asking): Promise<void> {
  const { text, env } = await connectionOf(place, primary, context)
  // One that has crashed is brought to a clean end first, by pg_rewind itself.
  const args = [`--target-pgdata=${server.data}`, `--source-server=${text}`, '--write-recovery-conf', '--no-sync']
  await runAs(server, [toolOf(server, 'pg_rewind'), ...args], env, timeLimit)
}

/** The copy is whole before anything of the old one is touched; the old one is kept beside it. */
async function reclone({ server, place }: EndedServer, primary: string, context: Asking & { log(line: string): void }): Promise<void> {
  const { text, env } = await connectionOf(place, primary, context)
  const [part, whole, before] = ['part', 'whole', 'before'].map((end) => `${server.data}.squall-${server.start}-${end}`) as [
    string,
    string,
    string,
  ]
  if (!existsSync(before)) {
    if (!existsSync(whole)) {
      await rm(part, { recursive: true, force: true })
      const args = [`--pgdata=${part}`, `--dbname=${text}`, '--write-recovery-conf', '--checkpoint=fast', '--no-sync']
      await runAs(server, [toolOf(server, 'pg_basebackup'), ...args], env, timeLimit)
      await rename(part, whole)
    }
    await rename(server.data, before)
  }
  if (!existsSync(server.data)) await rename(whole, server.data)
  context.log(`the data that it had before are kept in ${before}`)
}

/** The tools of the very version that the server is. @throws SquallError `program-missing` */
export function toolOf({ program }: ProcessServer, name: string): string {
  const found = findProgram(join(dirname(program), name)) ?? findProgram(name)
  if (!found) throw new SquallError('program-missing', `the program ${name} is neither beside ${program} nor in the PATH`)
  return found
}

/** For libpq: the password goes by the environment. */
async function connectionOf(
  place: DatabasePlace,
  primary: string,
  context: Asking,
): Promise<{ text: string; env: Record<string, string> }> {
  const { host, port } = readHost(primary, 5432)
  const { user, password, ssl, ca } = place.config as { user: string; password?: string; ssl?: string; ca?: string }
  const words = { host, port, user, dbname: 'postgres', sslmode: ssl ?? 'prefer', ...(ca !== undefined && { sslrootcert: ca }) }
  const text = Object.entries(words)
    .map(([name, value]) => `${name}='${String(value).replace(/[\\']/g, '\\$&')}'`)
    .join(' ')
  const path = process.env.PATH ?? '/usr/bin:/bin'
  return { text, env: { PATH: path, ...(password !== undefined && { PGPASSWORD: await fillSecrets(password, context.secret) }) } }
}
