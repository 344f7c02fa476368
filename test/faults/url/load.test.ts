/** A second load: it is sent for real, tells how strong it is, keeps to its caps, and leaves nothing. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
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

const long = { skip: everything ? false : 'long: SQUALL_TEST_ALL=1' }

let server: Server
let asked = 0
let url = ''
/** Requests by the mark of their load: the last ones of a killed sender come a moment later. */
const arrived = new Map<string, number>()
let lastKey: string | string[] | undefined
before(async () => {
  server = createServer((request, response) => {
    asked++
    lastKey = request.headers['x-key']
    const run = `${request.headers['x-squall-run']}`
    arrived.set(run, (arrived.get(run) ?? 0) + 1)
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
    secret: (name) => (name === 'KEY' ? Promise.resolve('k3y-of-the-test') : Promise.reject(new Error('none'))),
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

test('it sends no more than it may in all, and ends at its deadline by itself', long, async () => {
  const context = contextFor(4_000)
  const { state } = await load.plan({ rate: 200, most: 300 }, target(), context)
  await load.inject(state, context)
  await until('its end', () => stressorsOf(context.mark).length === 0, 12_000)
  // What it was too late for counts as well, so it may be fewer.
  const came = arrived.get(context.mark) ?? 0
  assert.ok(came > 150 && came <= 300, `${came} arrived`)
})

test('its rate moves while it sends; a secret is sent, and can be read nowhere', long, async () => {
  const context = contextFor(30_000)
  const { state } = await load.plan({ rate: 20, headers: { 'x-key': '${secret:KEY}' } }, target(), context)
  await load.inject(state, context)
  const achieves = (low: number, high: number): Promise<unknown> =>
    until(
      `${low} to ${high} a second`,
      async () => {
        const { dose } = await load.look(state, context)
        return dose !== undefined && (dose.rate as number) >= low && (dose.rate as number) <= high
      },
      10_000,
    )
  try {
    await achieves(10, 30)
    await load.adjust?.(state, { rate: 200 }, context)
    await achieves(160, 240)
    await load.adjust?.(state, { rate: 5 }, context)
    await achieves(3, 8)
    assert.equal(lastKey, 'k3y-of-the-test')
    const [pid] = stressorsOf(context.mark)
    const shown = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8')).join()
    assert.doesNotMatch(shown + JSON.stringify(state), /k3y-of-the-test/)
  } finally {
    await load.rollback(state, context)
  }
})

test('a name means what it meant at plan, and one without an address is no target', async () => {
  const named = url.replace('127.0.0.1', 'localhost')
  const { state } = await load.plan({ rate: 5 }, { ...target(), facts: { url: named } }, contextFor(5_000))
  assert.match(JSON.stringify(state), /"address":"(127\.0\.0\.1|::1)"/)
  const nowhere = load.plan({ rate: 5 }, { ...target(), facts: { url: 'http://nowhere.invalid/' } }, contextFor(5_000))
  await assert.rejects(nowhere, { code: 'no-target' })
})

test('a sender that is killed is a fault that died', async () => {
  const context = contextFor(20_000)
  const { state } = await load.plan({ rate: 5 }, target(), context)
  await load.inject(state, context)
  process.kill(stressorsOf(context.mark)[0] as number, 'SIGKILL')
  await until('its end', () => stressorsOf(context.mark).length === 0)
  const { active, died } = await load.look(state, context)
  assert.deepEqual([active, typeof died], [false, 'string'])
  await load.rollback(state, context)
})

const world = (): Promise<World> => {
  const one = `conformance-${process.pid}-`
  return Promise.resolve({
    target: target(),
    spec: { rate: 50 },
    doses: [{ rate: 150 }, { rate: 40 }],
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

describe('load', long, () => {
  for (const check of testInjector(load, { world })) test(check.name, check.run)
})
