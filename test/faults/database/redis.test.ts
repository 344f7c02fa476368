import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { findInstalled } from '../../../scripts/lib/components.ts'
import { testInjector } from '../../../src/faults/conformance.ts'
import { readonlyDatabase } from '../../../src/faults/database/readonly.ts'
import { pauseDatabase, slowDatabase } from '../../../src/faults/database/redis-stop-answering.ts'
import { sleep } from '../../../src/system/clock.ts'
import { databaseTarget } from '../../helpers/postgres-pair.ts'
import { createRedis, type RedisServer } from '../../helpers/redis.ts'
import { contextOf } from './context.ts'

const long = process.env.SQUALL_TEST_ALL ? false : 'long: SQUALL_TEST_ALL=1'

suite('faults at a Redis server', { skip: findInstalled('redis-server') ? false : 'redis-server is not installed' }, () => {
  let cache: RedisServer
  before(async () => {
    cache = await createRedis('', { settings: ['--requirepass', ''] })
    await cache.start()
  })
  after(() => cache.end())
  const target = (): ReturnType<typeof databaseTarget> => databaseTarget([cache.name], {}, 'redis')
  const answersWithin = (ms: number, ...command: [string, ...string[]]): Promise<boolean> =>
    Promise.race([
      cache.command(...command).then(
        () => true,
        () => false,
      ),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ms)),
    ])

  const worlds = {
    pause: { injector: pauseDatabase, spec: {}, isThere: async () => !(await answersWithin(400, 'ping')) },
    readonly: { injector: readonlyDatabase, spec: {}, isThere: async () => !(await answersWithin(400, 'set', 'a', 'b')) },
    slow: {
      injector: slowDatabase,
      spec: { delay: 600, gap: 5 },
      isThere: async () => {
        // One right before the end of a pause waits for next to nothing, and those in the gap for nothing: not all that are a while apart.
        for (let n = 0; n < 5; n++) {
          if (!(await answersWithin(250, 'ping'))) return true
          await sleep(40)
        }
        return false
      },
    },
  }
  for (const [type, { injector, spec, isThere }] of Object.entries(worlds)) {
    const checks = testInjector(injector as never, { world: async () => ({ target: await target(), spec, isThere, cleanUp: () => {} }) })
    for (const { name, run } of checks)
      test(`${type}: ${name}`, { skip: name.startsWith('injected it is active') && type === 'readonly' ? false : long }, run)
  }

  test('paused, nobody gets through between two pauses', { skip: long }, async () => {
    const context = contextOf()
    const change = await pauseDatabase.plan({}, await target(), context as never)
    await pauseDatabase.inject(change.state, context as never)
    try {
      assert.equal(await answersWithin(3_300, 'ping'), false)
    } finally {
      await pauseDatabase.rollback(change.state, context as never)
    }
    assert.ok(await answersWithin(1_500, 'ping'))
  })

  test('a setting that somebody changes meanwhile is left alone', async () => {
    const context = contextOf()
    const change = await readonlyDatabase.plan({}, await target(), context as never)
    await readonlyDatabase.inject(change.state, context as never)
    await cache.command('config', 'set', 'min-replicas-to-write', '7')
    await readonlyDatabase.rollback(change.state, context as never)
    const look = await readonlyDatabase.look(change.state, context as never)
    assert.equal(look.active, false)
    assert.match(look.changed ?? '', /is 7 now/)
    await cache.command('config', 'set', 'min-replicas-to-write', '0')
  })
})
