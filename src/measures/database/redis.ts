/** Source `redis`: what Redis servers say of themselves. */
import type { Redis } from 'ioredis'
import * as z from 'zod/mini'
import { once, says, text } from '../../document/schema-types.ts'
import { fillSecrets, secretNames } from '../../document/secrets.ts'
import { monotonicMs } from '../../system/clock.ts'
import type { Reading, Source, SourceContext } from '../source.ts'
import { type Dialect, openClusters } from './cluster.ts'
import { authority, caField, type DatabaseConfig, hostsField, passwordField, timeoutField } from './hosts.ts'
import { isReply, type RedisLogin, redisLink } from './redis-link.ts'
import { type Info, parseInfo, redisQueries } from './redis-queries.ts'
import { type Answer, countPrimaries, onlyPrimary, roleProblems } from './roles.ts'

const config = once(() =>
  z.strictObject({
    hosts: hostsField,
    user: says('Who logs in; left out: the default user.', z.optional(text)),
    password: passwordField,
    tls: says(
      'true: encrypted, and the certificate is checked, by `ca` or by the authorities that Node knows.',
      z.optional(z.boolean({ error: 'expected true or false' })),
    ),
    ca: caField,
    timeout: timeoutField,
  }),
)

export interface RedisConfig extends DatabaseConfig {
  tls?: boolean | undefined
  ca?: string | undefined
}

export const redisDialect: Dialect<RedisConfig, Redis, Info> = {
  defaultPort: 6379,
  link: (host, config, context, timeout) => redisLink(host, () => redisLogin(config, context), timeout),
  async probe(client) {
    const at = monotonicMs()
    const fields = parseInfo(await client.info())
    const facts: Info = { at, took: monotonicMs() - at, fields }
    return { is: fields.role === 'master' ? 'primary' : 'standby', facts }
  },
  isAnswer: isReply,
  isOutOfService: ({ message }) => message.startsWith('LOADING'),
}

const clusterOf = openClusters(redisDialect)

/** The two latest rounds of answers: some readings are what happened between two. By configuration. */
const rounds = new WeakMap<RedisConfig, { now: readonly Answer<Info>[]; before: readonly Answer<Info>[] }>()

export const redis: Source<RedisConfig> = {
  type: 'redis',
  get config() {
    return config() as unknown as z.core.$ZodType<RedisConfig>
  },
  about: {
    does: 'Asks each Redis server, once a second and all at the same time, what it is; and the primary how it is (`INFO`).',
    query: [
      '`primaries`: how many servers say that they are master.',
      'Of the primary: `latency` (ms that it took to answer), `memory` (bytes used), `clients`, `replicas` (connected to it),',
      '`ops` and `evictions` (per second, Squall’s own questions among them), `miss_rate` (share of the lookups that found nothing).',
    ].join(' '),
    example: `sources:
  cache: { type: redis, hosts: [cache1:6379, cache2:6379], password: "\${secret:REDIS_PASSWORD}" }
measures:
  primaries: { from: cache, max: 1, min: { recovery: 1 } }
  miss_rate: { from: cache, max: { recovery: 1.5x } }`,
    notes: [
      'Hosts that do not answer are judged as by `postgres`: refused or loading is no primary; silent is not counted as long as another host tells its role, else the reading is missing; a refused login makes it missing.',
      'All but `primaries` need exactly one primary.',
      '`ops`, `evictions` and `miss_rate` are what happened between two readings. After a restart, a `CONFIG RESETSTAT` or a gap of more than 3 s the first one is missing; so is `miss_rate` in a second without lookups.',
    ],
  },

  needs: ({ hosts, password = '' }) => [...hosts.map((reach) => ({ reach })), ...secretNames(password).map((secret) => ({ secret }))],

  async check(config, query, context) {
    const problems = isKnown(query) ? [] : [`“${query}” is none of ${['primaries', ...Object.keys(redisQueries)].join(', ')}`]
    const { now } = await answersOf(config, context)
    problems.push(...roleProblems(now, ({ fields }) => fields.run_id ?? ''))
    const unit = query === 'primaries' ? 'count' : redisQueries[query]?.unit
    if (problems.length === 0 && query !== 'primaries') {
      const primary = onlyPrimary(now)
      if ('missing' in primary) problems.push(primary.missing)
    }
    return { ...(unit && { unit }), step: 1000, problems }
  },

  async now(config, query, context) {
    const { now, before } = await answersOf(config, context)
    return query === 'primaries' ? countPrimaries(now) : readPrimary(query, now, before)
  },
}

function isKnown(query: string): boolean {
  return query === 'primaries' || Object.hasOwn(redisQueries, query)
}

function readPrimary(query: string, now: readonly Answer<Info>[], before: readonly Answer<Info>[]): Reading {
  const primary = onlyPrimary(now)
  if ('missing' in primary) return primary
  const earlier = before.find(({ host }) => host === primary.host)
  return (
    redisQueries[query]?.read(primary.facts, earlier && 'facts' in earlier ? earlier.facts : null) ?? { missing: `“${query}” is no query` }
  )
}

async function answersOf(config: RedisConfig, context: SourceContext) {
  const answers = await clusterOf(config, context).answers(context)
  const last = rounds.get(config)
  // All measures of a second get the same answers.
  const round = last?.now === answers ? last : { now: answers, before: last?.now ?? [] }
  rounds.set(config, round)
  return round
}

export async function redisLogin(
  { user, password, tls = false, ca }: RedisConfig,
  context: Pick<SourceContext, 'secret' | 'folder'>,
): Promise<RedisLogin> {
  return {
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password: await fillSecrets(password, context.secret) }),
    ...(tls && { tls: authority(ca, context.folder) }),
  }
}
