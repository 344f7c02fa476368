import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import { findInstalled } from '../../../scripts/lib/components.ts'
import { testInjector } from '../../../src/faults/conformance.ts'
import { connections } from '../../../src/faults/database/connections.ts'
import { lock } from '../../../src/faults/database/lock.ts'
import { type PostgresStage, password, startPostgres } from '../../helpers/postgres.ts'
import { databaseTarget } from '../../helpers/postgres-pair.ts'
import { until } from '../../helpers/processes.ts'
import { contextOf } from './context.ts'

const long = process.env.SQUALL_TEST_ALL ? false : 'long: SQUALL_TEST_ALL=1'
/** One check of each in every test; all of them in the long one. */
const inPlain = (name: string): boolean => name.startsWith('injected it is active')

suite('faults at a PostgreSQL server', { skip: findInstalled('postgres') ? false : 'postgres is not installed' }, () => {
  let database: PostgresStage
  before(async () => {
    database = await startPostgres()
    await database.primary.sql('create table orders (id int)')
  })
  after(() => database.end())
  const target = (): ReturnType<typeof databaseTarget> => databaseTarget([database.primary.name, database.standby.name])

  /** As superuser, with 400 ms for an answer. */
  async function sql(statement: string): Promise<void> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: database.primary.port,
      user: 'postgres',
      database: 'postgres',
      statement_timeout: 400,
    })
    client.on('error', () => {})
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end().catch(() => {})
    }
  }

  /** True while somebody cannot read the table within 400 ms. */
  const locked = async (): Promise<boolean> =>
    sql('select count(*) from orders').then(
      () => false,
      () => true,
    )

  for (const { name, run } of testInjector(lock as never, {
    world: async () => ({ target: await target(), spec: { table: 'orders' }, isThere: locked, cleanUp: () => {} }),
  }))
    test(`lock: ${name}`, { skip: inPlain(name) ? false : long }, run)

  test('a lock ends at its deadline when nobody does anything', { skip: long }, async () => {
    const context = contextOf(1_500)
    const change = await lock.plan({ table: 'orders' }, await target(), context as never)
    await lock.inject(change.state, context as never)
    assert.ok(await locked())
    await until('the server to end it', async () => !(await locked()), 6_000)
    assert.equal((await lock.look(change.state, context as never)).active, false)
    await lock.rollback(change.state, context as never)
  })

  test('exclusive lets readers through; a table that is not there is refused', { skip: long }, async () => {
    const context = contextOf()
    await assert.rejects(lock.plan({ table: 'nowhere' }, await target(), context as never), /has no table nowhere/)
    const change = await lock.plan({ table: 'orders', mode: 'exclusive' }, await target(), context as never)
    await lock.inject(change.state, context as never)
    try {
      assert.ok(!(await locked()))
      await assert.rejects(sql('insert into orders values (1)'), /timeout/)
    } finally {
      await lock.rollback(change.state, context as never)
    }
  })

  /** True while an ordinary user gets no connection, or loses it soon. */
  async function refused(ms = 0): Promise<boolean> {
    const client = new pg.Client({ host: '127.0.0.1', port: database.primary.port, user: 'squall', database: 'postgres', password })
    let lost = false
    client.on('error', () => {
      lost = true
    })
    try {
      await client.connect()
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
      return lost
    } catch {
      return true
    } finally {
      await client.end().catch(() => {})
    }
  }

  for (const { name, run } of testInjector(connections as never, {
    world: async () => ({ target: await target(), spec: { how: 'exhaust' }, isThere: () => refused(), cleanUp: () => {} }),
  }))
    test(`connections, exhaust: ${name}`, { skip: inPlain(name) ? false : long }, run)

  test('exhaust leaves what it is told to, and those of superusers', { skip: long }, async () => {
    const context = contextOf()
    const change = await connections.plan({ how: 'exhaust', leave: 2 }, await target(), context as never)
    await connections.inject(change.state, context as never)
    try {
      assert.equal(await refused(), false)
      assert.equal((await database.primary.sql('select 1 as one')).one, 1)
    } finally {
      await connections.rollback(change.state, context as never)
    }
  })

  test('kill ends those of the user that it names, and no others', { skip: long }, async () => {
    const context = contextOf()
    const change = await connections.plan({ how: 'kill', user: 'squall', interval: 100 }, await target(), context as never)
    const other = new pg.Client({ host: '127.0.0.1', port: database.primary.port, user: 'postgres', database: 'postgres' })
    await other.connect()
    await connections.inject(change.state, context as never)
    try {
      assert.ok(await refused(400))
      assert.equal((await other.query('select 1 as one')).rows[0]?.one, 1)
      const look = await connections.look(change.state, context as never)
      assert.match(look.seen, /[1-9]\d* connections ended/)
    } finally {
      await connections.rollback(change.state, context as never)
      await other.end()
    }
    assert.equal(await refused(300), false)
    assert.equal((await connections.look(change.state, context as never)).active, false)
  })
})
