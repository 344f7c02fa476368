/** The servers of one database during one run: a connection to each, and what they say of their roles, asked once a second for all measures. */
import type { SourceContext } from '../source.ts'
import { type DatabaseConfig, defaultTimeout, type Host, readHost } from './hosts.ts'
import { type Link, TookTooLong } from './link.ts'
import type { Answer } from './roles.ts'

export interface Dialect<Config, Client, Facts> {
  readonly defaultPort: number
  link(host: Host, config: Config, context: SourceContext, timeout: number): Link<Client>
  probe(client: Client): Promise<{ is: 'primary' | 'standby'; facts: Facts }>
  /** True for an error that the server itself sent. */
  isAnswer(error: Error): boolean
  /** True when it says that it is starting or stopping: it serves nobody. */
  isOutOfService(error: Error): boolean
}

export interface Cluster<Client, Facts> {
  /** What each host says of itself; the same for all that ask in one second. Never rejects. */
  answers(context: SourceContext): Promise<Answer<Facts>[]>
  /** Rejects with a sentence that names the host. */
  ask<T>(host: Host, work: (client: Client) => Promise<T>): Promise<T>
}

/** Gives the cluster of a configuration: opened when it is first asked for, closed when the run ends. */
export function openClusters<Config extends DatabaseConfig, Client, Facts>(
  dialect: Dialect<Config, Client, Facts>,
): (config: Config, context: SourceContext) => Cluster<Client, Facts> {
  const known = new WeakMap<Config, Cluster<Client, Facts>>()
  return (config, context) => {
    const open = known.get(config)
    if (open) return open
    const cluster = openCluster(dialect, config, context)
    known.set(config, cluster)
    context.signal.addEventListener('abort', () => known.delete(config), { once: true })
    return cluster
  }
}

function openCluster<Config extends DatabaseConfig, Client, Facts>(
  dialect: Dialect<Config, Client, Facts>,
  config: Config,
  context: SourceContext,
): Cluster<Client, Facts> {
  const timeout = config.timeout ?? defaultTimeout
  const members = config.hosts.map((name) => {
    const host = readHost(name, dialect.defaultPort)
    return { host, link: dialect.link(host, config, context, timeout), last: '' }
  })
  context.signal.addEventListener('abort', () => members.forEach(({ link }) => link.close()), { once: true })
  const asked = new WeakMap<object, Promise<Answer<Facts>[]>>()

  async function answer(member: (typeof members)[number], { log }: SourceContext): Promise<Answer<Facts>> {
    const { host } = member
    const answered: Answer<Facts> = await member.link.ask(dialect.probe).then(
      (told) => ({ host, ...told }),
      (error: Error) => ({ host, ...blame(dialect, error) }),
    )
    // Who became primary, and when a host was lost, belongs to the story of the run.
    if (member.last !== '' && member.last !== answered.is)
      log(`${host.name} was ${member.last}, is ${answered.is}${'why' in answered ? `: it ${answered.why}` : ''}`)
    member.last = answered.is
    return answered
  }

  return {
    answers(context) {
      const { tick = {} } = context
      const answers = asked.get(tick) ?? Promise.all(members.map((member) => answer(member, context)))
      asked.set(tick, answers)
      return answers
    },
    async ask(host, work) {
      const member = members.find((one) => one.host === host)
      if (!member) throw new Error(`${host.name} is not one of the hosts`)
      try {
        return await member.link.ask(work)
      } catch (error) {
        throw new Error(`${host.name} ${reasonOf(dialect, error as Error)}`, { cause: error })
      }
    },
  }
}

type Failed = { is: 'down' | 'silent' | 'unclear'; why: string }

function blame(dialect: Pick<Dialect<never, never, never>, 'isAnswer' | 'isOutOfService'>, error: Error): Failed {
  const why = reasonOf(dialect, error)
  if (dialect.isAnswer(error)) return { is: dialect.isOutOfService(error) ? 'down' : 'unclear', why }
  return { is: codeOf(error) === 'ECONNREFUSED' ? 'down' : 'silent', why }
}

function reasonOf(dialect: Pick<Dialect<never, never, never>, 'isAnswer' | 'isOutOfService'>, error: Error): string {
  if (error instanceof TookTooLong) return error.message
  if (dialect.isAnswer(error)) return `answered: ${error.message}`
  if (codeOf(error) === 'ECONNREFUSED') return 'refused the connection'
  return `could not be asked: ${error.message || codeOf(error)}`
}

function codeOf(error: Error): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
