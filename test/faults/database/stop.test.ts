import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { testInjector } from '../../../src/faults/conformance.ts'
import { killDatabase, stopDatabase } from '../../../src/faults/database/stop.ts'
import type { Look } from '../../../src/faults/injector.ts'
import {
  answers,
  databaseTarget,
  type PostgresPair,
  quietPair,
  serving,
  startPostgresPair,
  whyNoPostgresPair,
} from '../../helpers/postgres-pair.ts'
import { until } from '../../helpers/processes.ts'
import { contextOf } from './context.ts'

const long = process.env.SQUALL_TEST_ALL ? undefined : 'long: SQUALL_TEST_ALL=1'
const skip = whyNoPostgresPair() ?? long ?? false

suite('stop and kill of a database server', { skip }, () => {
  let pair: PostgresPair
  before(async () => {
    pair = await startPostgresPair(quietPair)
  })
  after(() => pair.end())

  for (const injector of [stopDatabase, killDatabase]) {
    const checks = testInjector(injector as never, {
      patience: 20_000,
      async world() {
        return {
          target: await databaseTarget(pair.hosts),
          spec: {},
          isThere: async () => !(await answers(pair.one)),
          cleanUp: () => serving(pair.one),
        }
      },
    })
    for (const { name, run } of checks) test(`${injector.type}: ${name}`, run)
  }

  test('a replica is found by its role', async () => {
    const change = await stopDatabase.plan({}, await databaseTarget(pair.hosts, { role: 'replica' }), contextOf() as never)
    assert.match(change.does, new RegExp(`stop ${pair.two.name}, the replica of db`))
  })
})

suite('the old primary after a failover', { skip }, () => {
  for (const rejoin of [undefined, 'rewind', 'reclone', 'manual'] as const) {
    test(`rejoin: ${rejoin ?? 'left out'}`, async () => {
      const pair = await startPostgresPair()
      try {
        const context = contextOf()
        const fault = rejoin === 'rewind' ? killDatabase : stopDatabase
        const change = await fault.plan(rejoin ? { rejoin } : {}, await databaseTarget(pair.hosts), context as never)
        await fault.inject(change.state, context as never)
        await until('the promotion', async () => (await pair.two.sql('select pg_is_in_recovery() as standby')).standby === false, 20_000)
        // Written by the new one only: the old one has to learn it.
        await pair.two.sql('insert into orders default values; checkpoint')
        let look: Look | undefined
        for (let tries = 0; look?.active !== false && tries < 20; tries++) {
          await fault.rollback(change.state, context as never).catch((error: Error) => context.lines.push(error.message))
          await until(
            'a look',
            async () => (look = await fault.look((context.saved ?? change.state) as never, context as never)) !== undefined,
          )
          await new Promise((resolve) => setTimeout(resolve, 500))
        }
        assert.equal(look?.active, false, `${look?.seen}\n${context.lines.join('\n')}\n${pair.said()}`)
        if (rejoin === 'manual') {
          assert.match(look?.handedOver ?? '', /make it a standby/)
          assert.equal(await answers(pair.one), false)
        } else if (rejoin) {
          await until(
            'the old primary to follow',
            async () =>
              (await pair.one.sql('select count(*) as n, pg_is_in_recovery() as standby from orders')).standby === true &&
              (await pair.one.sql('select count(*)::int as n from orders')).n === 1,
            20_000,
          )
        } else assert.match(look?.seen ?? '', /SPLIT BRAIN/)
      } finally {
        await pair.end()
      }
    })
  }
})
