/** Source `postgres`: what the servers of a PostgreSQL database say of themselves. */
import type { Client } from 'pg'
import * as z from 'zod/mini'
import { once, says, text } from '../../document/schema-types.ts'
import { fillSecrets, secretNames } from '../../document/secrets.ts'
import type { Source, SourceContext } from '../source.ts'
import { type Dialect, openClusters } from './cluster.ts'
import { authority, caField, type DatabaseConfig, hostsField, passwordField, timeoutField } from './hosts.ts'
import { lostWrites } from './lost-writes.ts'
import { type PostgresLogin, postgresLink } from './postgres-link.ts'
import { askRole, type PostgresQuery, postgresQueries, readNumber, type ServerFacts } from './postgres-queries.ts'
import { roleProblems } from './roles.ts'

const config = once(() =>
  z.strictObject({
    hosts: hostsField,
    user: says('Who logs in. Needs no more than the right to connect.', text),
    password: passwordField,
    database: says('Default: postgres.', z.optional(text)),
    ssl: says(
      'require: encrypted. verify-full: the certificate is checked too, by `ca` or by the authorities that Node knows.',
      z.optional(z.enum(['require', 'verify-full'])),
    ),
    ca: caField,
    timeout: timeoutField,
  }),
)

export interface PostgresConfig extends DatabaseConfig {
  user: string
  database?: string | undefined
  ssl?: 'require' | 'verify-full' | undefined
  ca?: string | undefined
}

export const postgresDialect: Dialect<PostgresConfig, Client, ServerFacts> = {
  defaultPort: 5432,
  link: (host, config, context, timeout) => postgresLink(host, () => postgresLogin(config, context), timeout),
  async probe(client) {
    const facts = await askRole(client)
    return { is: facts.standby ? 'standby' : 'primary', facts }
  },
  isAnswer: (error) => typeof (error as { severity?: unknown }).severity === 'string',
  // cannot_connect_now: it starts, stops or recovers.
  isOutOfService: (error) => (error as { code?: unknown }).code === '57P03',
}

const clusterOf = openClusters(postgresDialect)

export const postgres: Source<PostgresConfig> = {
  type: 'postgres',
  get config() {
    return config() as unknown as z.core.$ZodType<PostgresConfig>
  },
  about: {
    does: 'Asks each server of a PostgreSQL database, once a second and all at the same time, what it is and how it is.',
    query: [
      '`primaries`: how many servers say that they are not in recovery.',
      '`writable`: on how many of them a transaction could be committed just now: a promotion that is proved, not said.',
      '`timeline`: of the primary; each promotion makes it one more.',
      '`lag`: bytes of the write-ahead log that the furthest standby has yet to replay.',
      '`connections`: clients that are connected to the primary, Squall’s own one among them.',
      'Or a `select` of your own, asked of the primary: one row with one number, whose unit you say with `unit`.',
      'The measure `lost_writes` takes a `select` that gives ids, and counts those that good answers to the traffic have acknowledged',
      '(`ids` of traffic: where the id stands in the JSON of an answer) and the primary does not have.',
    ].join(' '),
    example: `sources:
  db: { type: postgres, hosts: [db1:5432, db2:5432], user: squall, password: "\${secret:PG_PASSWORD}" }
measures:
  primaries: { from: db, max: 1, min: { baseline: 1, fault: 1 after 30s, recovery: 1 } }
  lag: { from: db, max: { recovery: 16MiB } }
  open_orders: { from: db, query: select count(*) from orders where paid is null, max: { recovery: 1.5x } }
  lost_writes: { from: db, query: select id from orders, max: { recovery: 0 } }`,
    notes: [
      'A host that refuses the connection, or says that it is starting or stopping, is no primary. One that says nothing is not counted as long as another host tells its role; when none does, the reading is missing: it could be our own network. One that answers without telling its role (login refused, too many connections) makes the reading missing.',
      '`lag`, `connections` and your own `select` need exactly one primary; else they are missing, with what each host said.',
      '`lost_writes` looks each id up until it was there once, and again on another primary or after a restart, at most 10,000 a second: until all are looked up the reading is missing. It is missing without a primary too: bound it in recovery, where it counts.',
      'It only reads, but for `writable`, which commits a transaction that changes nothing, each second: its transactions are read-only. Any user that may connect will do; no rights are needed for what has a name.',
      'Name the servers themselves: behind a pooler or a shared name nobody can tell who answered.',
    ],
  },

  needs: ({ hosts, password = '' }) => [...hosts.map((reach) => ({ reach })), ...secretNames(password).map((secret) => ({ secret }))],

  async check(config, query, context) {
    const asked = queryOf(query, context)
    const problems = asked ? [] : [unknownQuery(query, context)]
    const cluster = clusterOf(config, context)
    const answers = await cluster.answers(context)
    problems.push(...roleProblems(answers, ({ started }) => started))
    if (asked && problems.length === 0) {
      const reading = await (asked.tryOut ?? asked.read)(answers, cluster.ask)
      if ('missing' in reading) problems.push(reading.missing)
    }
    return { ...(asked?.unit && { unit: asked.unit }), step: 1000, problems }
  },

  async now(config, query, context) {
    const cluster = clusterOf(config, context)
    return queryOf(query, context)?.read(await cluster.answers(context), cluster.ask) ?? { missing: unknownQuery(query, context) }
  },
}

/** By its name, or a statement of the author's. The measure `lost_writes` makes another use of its statement. */
function queryOf(query: string, { measure, acknowledged }: SourceContext): PostgresQuery | undefined {
  const statement = /^\s*(?:select|with)\s/i.test(query)
  if (measure === 'lost_writes') return statement ? lostWrites(query, acknowledged) : undefined
  if (statement) return { read: (answers, ask) => readNumber(answers, ask, query) }
  return Object.hasOwn(postgresQueries, query) ? postgresQueries[query] : undefined
}

function unknownQuery(query: string, { measure }: SourceContext): string {
  if (measure === 'lost_writes')
    return 'it needs the statement that gives the ids the database has: write e.g. query: select id from orders'
  return `“${query}” is none of ${Object.keys(postgresQueries).join(', ')}, nor a select that gives one number`
}

export async function postgresLogin(
  { user, password, database = 'postgres', ssl, ca }: PostgresConfig,
  context: Pick<SourceContext, 'secret' | 'folder'>,
): Promise<PostgresLogin> {
  return {
    user,
    database,
    ...(password !== undefined && { password: await fillSecrets(password, context.secret) }),
    ssl: ssl === undefined ? false : ssl === 'require' ? { rejectUnauthorized: false } : authority(ca, context.folder),
  }
}
