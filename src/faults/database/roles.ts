/** Which server is what right now, asked of all hosts at once. */
import { SquallError } from '../../errors.ts'
import { openClusters } from '../../measures/database/cluster.ts'
import { postgresDialect } from '../../measures/database/postgres.ts'
import { redisDialect } from '../../measures/database/redis.ts'
import type { Answer } from '../../measures/database/roles.ts'
import type { Context } from '../injector.ts'
import type { DatabasePlace, Role } from './find.ts'

export type Asking = Pick<Context<unknown>, 'secret' | 'folder' | 'signal'>

const clusterOf = { postgres: openClusters(postgresDialect), redis: openClusters(redisDialect) }

/** What each host says of itself. Never rejects for a host that does not answer; rejects when a secret is missing. */
export async function askRoles({ type, config }: DatabasePlace, context: Pick<Asking, 'secret' | 'folder'>): Promise<Answer<unknown>[]> {
  const end = new AbortController()
  const asking = { secret: context.secret, folder: context.folder, signal: end.signal, log: () => {}, measure: 'primaries' }
  try {
    // A copy: whoever asks with the same settings has connections of its own.
    return await clusterOf[type]({ ...config } as never, asking).answers(asking)
  } finally {
    end.abort()
  }
}

/** The host, as written, that has the role now. @throws SquallError `no-target` with what each of them said */
export async function hostOf(place: DatabasePlace & { role: Role }, context: Asking): Promise<string> {
  const answers = await askRoles(place, context)
  const wanted = place.role === 'primary' ? 'primary' : 'standby'
  const found = answers.filter(({ is }) => is === wanted)
  const [first] = found
  if (!first) throw new SquallError('no-target', `no server of ${place.source} is ${place.role}: ${roleWords(answers)}`)
  if (wanted === 'primary' && found.length > 1)
    throw new SquallError('no-target', `${found.length} servers of ${place.source} are primary: ${roleWords(answers)}`)
  return first.host.name
}

export function primariesOf(answers: readonly Answer<unknown>[]): string[] {
  return answers.filter(({ is }) => is === 'primary').map(({ host }) => host.name)
}

/** `a:1 is primary, b:1 refused the connection`; two primaries are said first. */
export function roleWords(answers: readonly Answer<unknown>[]): string {
  const words = answers.map((answer) => `${answer.host.name} ${'why' in answer ? answer.why : `is ${answer.is}`}`).join(', ')
  return primariesOf(answers).length > 1 ? `SPLIT BRAIN, more than one primary: ${words}` : words
}
