/** A second load: it is sent for real, tells how strong it is, keeps to its caps, and leaves nothing. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { testInjector, type World } from '../../../src/faults/conformance.ts'
import type { Context, Target } from '../../../src/faults/injector.ts'
import { stressorsOf } from '../../../src/faults/stressor.ts'
import { load } from '../../../src/faults/url/load.ts'
import { wallMs } from '../../../src/system/clock.ts'
import { everything } from '../../helpers/length.ts'
import { until } from '../../helpers/processes.ts'

let server: Server
let asked = 0
let url = ''
before(async () => {
  server = createServer((_request, response) => {
    asked++
    response.statusCode = asked % 2 === 0 ? 200 : 429
    response.end('x')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`
})
after(() => {
  server.closeAllConnections()
  server.close()
})

const target = (): Target => ({ place: 'url', id: url, name: url, facts: { url } })
let runs = 0
function contextFor(lasts: number): Context<never> {
  return {
    mark: `load-test-${process.pid}-${++runs}/load`,
    deadline: new Date(wallMs() + lasts),
    signal: new AbortController().signal,
    folder: '/',
    log: () => {},
    secret: () => Promise.reject(new Error('none')),
    random: () => 0.5,
    save: () => Promise.resolve(),
  }
}

test('what is sent arrives, and the look tells how much and what came back', async () => {
  const context = contextFor(20_000)
  const { state } = await load.plan({ rate: 100 }, target(), context)
  const from = asked
  await load.inject(state, context)
  try {
    await until(
      'two whole seconds',
      async () => {
        const { dose } = await load.look(state, context)
        return dose !== undefined && asked - from > 150
      },
      10_000,
    )
    const { seen, dose } = await load.look(state, context)
    assert.ok(Math.abs((dose?.rate ?? 0) - 100) <= 15, seen)
    assert.match(seen, /sent, \d+ in all, [45]\d % answered well, [45]\d % not/)
  } finally {
    await load.rollback(state, context)
  }
  assert.deepEqual(stressorsOf(context.mark), [])
  assert.equal((await load.look(state, context)).active, false)
})

test('it sends no more than it may in all, and ends at its deadline by itself', async () => {
  const context = contextFor(4_000)
  const { state } = await load.plan({ rate: 200, most: 300 }, target(), context)
  const from = asked
  await load.inject(state, context)
  await until('its end', () => stressorsOf(context.mark).length === 0, 12_000)
  // It counts by whole seconds, so it may begin one more than the last that fits.
  assert.ok(asked - from >= 300 && asked - from <= 620, `${asked - from} arrived`)
})

const world = (): Promise<World> => {
  const one = `conformance-${process.pid}-`
  return Promise.resolve({
    target: target(),
    spec: { rate: 50 },
    isThere: async () => (await sendersOf(one)) > 0,
    cleanUp: () => {},
  })
}

async function sendersOf(prefix: string): Promise<number> {
  const { listPids, readCommandLine, readEnvironment } = await import('../../../src/system/proc.ts')
  return listPids().filter(
    (pid) =>
      readEnvironment(pid)?.get('SQUALL_MARK')?.startsWith(prefix) && readCommandLine(pid)?.some((word) => word.includes('load-generator')),
  ).length
}

describe('load', { skip: everything ? false : 'long: SQUALL_TEST_ALL=1' }, () => {
  for (const check of testInjector(load, { world })) test(check.name, check.run)
})
