import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isInstalled } from '../../../scripts/lib/components.ts'
import { type RedisConfig, redis } from '../../../src/measures/database/redis.ts'
import type { Reading, SourceContext } from '../../../src/measures/source.ts'
import { until } from '../../helpers/processes.ts'
import { createRedis, type RedisServer } from '../../helpers/redis.ts'
import { sourceContext } from '../source-context.ts'

const skip = isInstalled('redis-server') ? false : 'redis-server is not installed'
const password = 'ca-che-0nly'

/** Each test finds the servers as the one before left them. */
describe('source redis, against real servers', { skip }, () => {
  let [primary, replica] = [] as unknown as [RedisServer, RedisServer]
  let config: RedisConfig
  const run = new AbortController()
  const context = (change: Partial<SourceContext> = {}): SourceContext =>
    sourceContext({ signal: run.signal, secret: async () => password, ...change })
  const read = (query: string): Promise<Reading> => redis.now!(config, query, context())
  const value = async (query: string): Promise<number> => ((await read(query)) as { value: number }).value
  const missing = async (query: string): Promise<string> => ((await read(query)) as { missing: string }).missing

  before(async () => {
    primary = await createRedis(password)
    replica = await createRedis(password, { settings: ['--replicaof', `127.0.0.1 ${primary.port}`] })
    await Promise.all([primary.start(), replica.start()])
    config = { hosts: [primary.name, replica.name], password: `\${secret:REDIS}`, timeout: 2000 }
  })
  after(async () => {
    run.abort()
    await Promise.all([primary?.end(), replica?.end()])
  })

  it('finds nothing to complain about, and knows its units', async () => {
    for (const [query, unit] of Object.entries({ primaries: 'count', latency: 'ms', memory: 'bytes', ops: '/s', miss_rate: 'share' }))
      assert.deepEqual(await redis.check(config, query, context()), { unit, step: 1000, problems: [] })
  })

  it('reads what the primary says of itself', async () => {
    assert.equal(await value('primaries'), 1)
    await until('the replica to follow', async () => (await value('replicas')) === 1)
    const memory = await value('memory')
    await primary.command('set', 'big', 'x'.repeat(5_000_000))
    assert.ok((await value('memory')) > memory + 4_000_000)
    const latency = await value('latency')
    assert.ok(latency > 0 && latency < 2000, `${latency} ms`)
    assert.ok((await value('clients')) >= 1)
  })

  it('counts misses between two readings, and none without a lookup', async () => {
    await primary.command('set', 'there', '1')
    await read('miss_rate')
    for (const key of ['there', 'there', 'there', 'not-there']) await primary.command('get', key)
    assert.deepEqual(await read('miss_rate'), { bad: 1, total: 4 })
    assert.equal(await missing('miss_rate'), 'nothing was looked up since the reading before')
  })

  it('gives rates per second, of one round of answers for all measures of a second', async () => {
    await read('ops')
    for (let i = 0; i < 50; i++) await primary.command('ping')
    const tick = {}
    const [ops, evictions] = await Promise.all(['ops', 'evictions'].map((query) => redis.now!(config, query, context({ tick }))))
    assert.ok(ops && 'value' in ops && ops.value > 50, JSON.stringify(ops))
    assert.deepEqual(evictions, { value: 0 })
  })

  it('takes a counter that was set back as missing', async () => {
    await read('ops')
    await primary.command('config', 'resetstat')
    assert.equal(await missing('ops'), 'total_commands_processed was set back')
  })

  it('tells every problem at once, and never the password', async () => {
    const wrong = { ...config, hosts: [...config.hosts, '127.0.0.1:1'] }
    const { problems } = await redis.check(wrong, 'hit_rate', context({ secret: async () => 'wrong-0ne' }))
    const text = problems.join('\n')
    assert.equal(problems.length, 4, text)
    assert.match(text, /“hit_rate” is none of primaries, latency, memory/)
    assert.match(text, new RegExp(`${primary.name} answered: WRONGPASS`))
    assert.match(text, /127\.0\.0\.1:1 refused the connection/)
    assert.doesNotMatch(text, /wrong-0ne/)
  })

  it('is not held up by a frozen server, and can’t tell when all are', async () => {
    replica.freeze()
    const started = performance.now()
    assert.equal(await value('primaries'), 1)
    assert.ok(performance.now() - started < 3500, `${performance.now() - started} ms`)
    primary.freeze()
    assert.equal(await missing('primaries'), config.hosts.map((host) => `${host} did not answer within 2000 ms`).join('; '))
    primary.thaw()
    replica.thaw()
    await until('both again', async () => (await value('primaries')) === 1)
  })

  it('follows a failover: none while the primary is gone, one again from the promotion on, counters from anew', async () => {
    await primary.kill()
    assert.equal(await value('primaries'), 0)
    assert.match(await missing('memory'), /there is no primary: .* refused the connection; .* is standby/)
    await replica.command('replicaof', 'no', 'one')
    assert.equal(await value('primaries'), 1)
    await primary.start()
    assert.equal(await value('primaries'), 2)
    await primary.command('replicaof', '127.0.0.1', String(replica.port))
    assert.equal(await value('primaries'), 1)
  })

  it('answers over TLS to a named user, and checks the certificate', async (t) => {
    const secure = await createRedis(password, { tls: true, settings: ['--user', 'squall', 'on', `>${password}`, '+info', '+auth'] })
    t.after(() => secure.end())
    await secure.start()
    const ask = (more: Partial<RedisConfig>): Promise<Reading> =>
      redis.now!({ ...config, hosts: [secure.name], user: 'squall', tls: true, ...more }, 'primaries', context())
    assert.deepEqual(await ask({ ca: secure.certificate }), { value: 1 })
    assert.match(((await ask({})) as { missing: string }).missing, /self-signed certificate/)
  })

  it('takes a restart for a new server', async () => {
    await read('ops')
    await replica.kill()
    await replica.start()
    await replica.command('replicaof', 'no', 'one')
    assert.equal(await missing('ops'), 'another server, or the same one started again, counts from anew')
  })
})
