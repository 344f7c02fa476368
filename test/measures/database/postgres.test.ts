import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { isInstalled } from '../../../scripts/lib/components.ts'
import { type PostgresConfig, postgres } from '../../../src/measures/database/postgres.ts'
import type { Reading } from '../../../src/measures/source.ts'
import { type PostgresStage, password, startPostgres } from '../../helpers/postgres.ts'
import { until } from '../../helpers/processes.ts'
import { sourceContext } from '../source-context.ts'

const skip = isInstalled('postgres') ? false : 'postgres is not installed'

/** In the order of a failover: each test finds the servers as the one before left them. */
describe('source postgres, against real servers', { skip }, () => {
  let stage: PostgresStage
  let config: PostgresConfig
  const run = new AbortController()
  const lines: string[] = []
  const context = (): ReturnType<typeof sourceContext> =>
    sourceContext({ signal: run.signal, secret: async () => password, log: (line) => void lines.push(line) })
  const read = (query: string, of = config): Promise<Reading> => postgres.now!(of, query, context())
  const value = async (query: string): Promise<unknown> => ((await read(query)) as { value?: number }).value

  before(async () => {
    stage = await startPostgres()
    config = { hosts: [stage.primary.name, stage.standby.name], user: 'squall', password: `\${secret:PG}`, timeout: 2000 }
  })
  after(async () => {
    run.abort()
    await stage?.end()
  })

  it('finds nothing to complain about, and knows its units', async () => {
    assert.deepEqual(await postgres.check(config, 'primaries', context()), { unit: 'count', step: 1000, problems: [] })
    assert.deepEqual(await postgres.check(config, 'lag', context()), { unit: 'bytes', step: 1000, problems: [] })
    assert.deepEqual(await postgres.check(config, 'select 1', context()), { step: 1000, problems: [] })
  })

  it('counts the primary, and its connections', async () => {
    assert.deepEqual(await read('primaries'), { value: 1 })
    const before = (await value('connections')) as number
    const { pid } = await stage.primary.sql('select pg_backend_pid() as pid')
    assert.ok(typeof pid === 'number' && before >= 1, `${before} connections`)
    await read('select count(*) from pg_stat_activity')
    assert.equal(await value('connections'), before, 'its own connection is used again')
  })

  it('measures in bytes how far the standby is behind', async () => {
    await until('the standby to have all', async () => (await value('lag')) === 0)
    await stage.standby.sql('select pg_wal_replay_pause()')
    await stage.primary.sql('create table filled as select generate_series(1, 20000) as n')
    const lag = (await value('lag')) as number
    assert.ok(lag > 500_000 && lag < 20_000_000, `${lag} bytes`)
    await stage.standby.sql('select pg_wal_replay_resume()')
    await until('the standby to have caught up', async () => (await value('lag')) === 0)
  })

  it('takes one number from a statement, and nothing else', async () => {
    assert.deepEqual(await read('select 2.5::numeric'), { value: 2.5 })
    assert.deepEqual(await read('with x as (select 10000000000::bigint as n) select n from x'), { value: 10_000_000_000 })
    for (const [sql, why] of [
      ['select 1, 2', /1 rows of 2 columns, not one number/],
      ['select 1 where false', /0 rows of 1 columns/],
      ['select null::int as n', /n is null/],
      ["select '5' as n", /n is no number/],
      ["select 'NaN'::float8 as n", /n is NaN/],
    ] as const)
      assert.match(((await read(sql)) as { missing: string }).missing, why, sql)
    await assert.rejects(read('select n from nowhere'), /^Error: 127\.0\.0\.1:\d+ answered: relation "nowhere" does not exist$/)
    const superuser = { hosts: config.hosts, user: 'postgres' }
    await assert.rejects(read('with x as (delete from filled returning 1) select count(*) from x', superuser), /read-only transaction/)
    await assert.rejects(
      read('select 1 from pg_sleep(5)'),
      /answered: canceling statement due to statement timeout|did not answer within 2000 ms/,
    )
    assert.deepEqual(await read('primaries'), { value: 1 }, 'after all of these')
  })

  it('tells every problem at once, and never the password', async () => {
    const wrong = { ...config, hosts: [...config.hosts, '127.0.0.1:1', 'no-such-host.invalid:5432'] }
    const { problems } = await postgres.check(wrong, 'replicas', { ...context(), secret: async () => 'wrong-0ne' })
    const text = problems.join('\n')
    assert.equal(problems.length, 5, text)
    assert.match(text, /“replicas” is none of primaries, writable, timeline, lag, connections/)
    assert.match(text, new RegExp(`${stage.primary.name} answered: password authentication failed for user "squall"`))
    assert.match(text, /127\.0\.0\.1:1 refused the connection/)
    assert.match(text, /no-such-host\.invalid:5432 could not be asked: /)
    assert.doesNotMatch(text, /wrong-0ne/)
    const twice = { ...config, hosts: [stage.primary.name, `localhost:${stage.primary.port}`] }
    assert.match((await postgres.check(twice, 'primaries', context())).problems.join(), /are the same server: name it once/)
  })

  it('does not take a server that refuses the login for no primary', async () => {
    const reading = await postgres.now!({ ...config }, 'primaries', { ...context(), secret: async () => 'wrong-0ne' })
    assert.match((reading as { missing: string }).missing, /password authentication failed/)
  })

  it('is not held up by a host that accepts and says nothing', async () => {
    const mute: Server = createServer(() => {})
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    const name = `127.0.0.1:${(mute.address() as { port: number }).port}`
    const started = performance.now()
    const own = new AbortController()
    const ask = (hosts: string[]) => postgres.now!({ ...config, hosts, timeout: 300 }, 'primaries', { ...context(), signal: own.signal })
    assert.deepEqual(await ask([...config.hosts, name]), { value: 1 }, 'the others tell')
    assert.deepEqual(await ask([name]), { missing: `${name} did not answer within 300 ms` }, 'nobody tells')
    assert.ok(performance.now() - started < 2000, `${performance.now() - started} ms`)
    own.abort()
    mute.close()
  })

  it('counts acknowledged ids that the database does not have', async () => {
    const query = 'select id from orders;'
    await stage.primary.sql('create table orders (id bigint generated always as identity primary key, mark uuid default gen_random_uuid())')
    await stage.primary.sql('grant select on orders to squall')
    await stage.primary.sql('insert into orders select from generate_series(1, 10)')
    const lost = (ids: readonly string[], sql = query): Promise<Reading> =>
      postgres.now!(config, sql, { ...context(), measure: 'lost_writes', acknowledged: () => ids })
    assert.deepEqual(await lost(['1', '2', '10']), { value: 0 })
    assert.deepEqual(await lost(['1', '11', '12']), { value: 2 })
    assert.deepEqual(await lost([]), { missing: 'no answer to the traffic has acknowledged an id yet' })
    const { mark } = await stage.primary.sql('select mark::text from orders')
    const other = '00000000-0000-4000-8000-000000000000'
    assert.deepEqual(await lost([String(mark), other], 'select mark from orders'), { value: 1 })
    assert.deepEqual(await lost(['1'], 'select id, mark from orders'), {
      missing: 'the statement gives 2 columns: it must give the ids alone',
    })
    await assert.rejects(lost(['one']), /invalid input syntax for type bigint: "one"/)
  })

  it('takes a row that it saw and that was deleted since for no loss, until a new connection makes it look again', async () => {
    await stage.primary.sql('create table carts as select generate_series(1, 3)::text as id')
    await stage.primary.sql('grant select on carts to squall')
    const of = { ...context(), measure: 'lost_writes', acknowledged: () => ['1', '2'] }
    const lost = (): Promise<Reading> => postgres.now!(config, 'select id from carts', { ...of, tick: {} })
    assert.deepEqual(await lost(), { value: 0 })
    await stage.primary.sql("delete from carts where id = '2'")
    assert.deepEqual(await lost(), { value: 0 })
    await stage.primary.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'squall'")
    assert.deepEqual(await lost(), { value: 1 })
  })

  it('is told before the run what lost_writes lacks', async () => {
    const check = async (query: string, more: object = {}): Promise<string> =>
      (await postgres.check(config, query, { ...context(), measure: 'lost_writes', ...more })).problems.join()
    const acknowledged = (): string[] => []
    assert.equal(await check('select id from orders', { acknowledged }), '')
    assert.match(await check('lost_writes', { acknowledged }), /write e\.g\. query: select id from orders/)
    assert.match(await check('select id from orders'), /give traffic ids/)
    assert.match(await check('select id, mark from orders', { acknowledged }), /gives 2 columns/)
  })

  it('sees the failover: none while the primary is gone, one again from the promotion on', async () => {
    // From here on the standby gets nothing any more.
    await until('the standby to have all', async () => (await value('lag')) === 0)
    await stage.standby.sql("alter system set primary_conninfo = ''")
    await stage.standby.sql('select pg_reload_conf()')
    await until(
      'the standby to be on its own',
      async () => (await stage.primary.sql('select count(*) as n from pg_stat_replication')).n === '0',
    )
    await stage.primary.sql('insert into orders select from generate_series(1, 3)')
    await stage.primary.kill()
    assert.deepEqual(await read('primaries'), { value: 0 })
    assert.match(
      ((await read('connections')) as { missing: string }).missing,
      /there is no primary: .* refused the connection; .* is standby/,
    )
    await stage.standby.promote()
    await until('one primary', async () => (await value('primaries')) === 1)
    assert.equal(typeof (await value('connections')), 'number')
    const acknowledged = (): string[] => Array.from({ length: 13 }, (_, index) => String(index + 1))
    const lost = await postgres.now!(config, 'select id from orders', { ...context(), measure: 'lost_writes', acknowledged })
    assert.deepEqual(lost, { value: 3 })
    assert.ok(
      lines.some((line) => line.startsWith(`${stage.primary.name} was primary, is down`)),
      lines.join('\n'),
    )
    assert.ok(
      lines.some((line) => line === `${stage.standby.name} was standby, is primary`),
      lines.join('\n'),
    )
  })

  it('sees two when the old primary comes back as one, and asks neither for more', async () => {
    await stage.primary.start()
    await until('two primaries', async () => (await value('primaries')) === 2)
    assert.deepEqual(await read('lag'), { missing: `more than one host is primary: ${config.hosts.join(', ')}` })
  })

  it('takes a frozen primary as none when another server answers, and can’t tell when none does', async () => {
    stage.primary.freeze()
    assert.deepEqual(await read('primaries'), { value: 1 })
    stage.standby.freeze()
    const reading = await read('primaries')
    assert.equal((reading as { missing: string }).missing, config.hosts.map((host) => `${host} did not answer within 2000 ms`).join('; '))
    stage.primary.thaw()
    stage.standby.thaw()
    await until('both again', async () => (await value('primaries')) === 2)
  })

  it('answers over TLS, and checks the certificate when asked to', async () => {
    await stage.standby.useTls()
    const hosts = [stage.standby.name]
    assert.deepEqual(await read('primaries', { ...config, hosts, ssl: 'require' }), { value: 1 })
    assert.match(
      ((await read('primaries', { ...config, hosts, ssl: 'verify-full' })) as { missing: string }).missing,
      /self-signed certificate/,
    )
    assert.deepEqual(await read('primaries', { ...config, hosts, ssl: 'verify-full', ca: stage.standby.certificate }), { value: 1 })
  })
})
