/** HTTP faults at a proxy of ours, in a process of its own: the suite that all injectors go through, and what its look tells. */
import assert from 'node:assert/strict'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, suite, test } from 'node:test'
import type { ProxySpec } from '../../src/document/experiment.ts'
import { testInjector } from '../../src/faults/conformance.ts'
import type { Context, Target } from '../../src/faults/injector.ts'
import { http as fault } from '../../src/faults/proxy/http.ts'
import type { MatchSpec } from '../../src/faults/proxy/http-match.ts'
import { httpRule, ruleWords } from '../../src/faults/proxy/http-rule.ts'
import type { HttpSpec } from '../../src/faults/proxy/http-spec.ts'
import { proxySocket } from '../../src/proxy/life/place.ts'
import { wallMs } from '../../src/system/clock.ts'
import { until } from '../helpers/processes.ts'
import { isAlive, proxyStage, type Stage } from '../proxy/life/support.ts'

let stage: Stage
const service = http.createServer((request, response) => response.end(request.url))
before(async () => {
  stage = await proxyStage()
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  service.close()
  service.closeAllConnections()
  await stage.end()
})

let running: { pid: number; listen: string } | null = null

/** One that runs: the last one, unless it was ended. */
async function ourProxy(): Promise<{ pid: number; listen: string }> {
  if (running && isAlive(running.pid)) return running
  const task = await stage.task({ carries: 'http', upstream: `127.0.0.1:${(service.address() as AddressInfo).port}` })
  const { lease } = await stage.open(task)
  lease.close()
  running = { pid: lease.hello.pid, listen: task.listen }
  return running
}

function targetAt(listen: string, match: Partial<MatchSpec> = {}): Target {
  const proxy: ProxySpec = { name: 'payments', carries: 'http', listen, upstream: 'http://127.0.0.1:1' }
  const narrowing = { match: { match: {}, except: [], ...match } }
  const facts = JSON.parse(JSON.stringify({ proxy, socket: proxySocket(listen, stage.state), narrowing }))
  return { place: 'proxy', id: listen, name: 'the proxy payments', facts }
}

/** 0: there was no answer. */
function call(listen: string, path = '/'): Promise<{ status: number }> {
  return new Promise((resolve) => {
    const done = (status: number): void => resolve({ status })
    const request = http.get(`http://${listen}${path}`, { agent: false, timeout: 3000 }, (response) => {
      response.resume()
      response.on('end', () => done(response.statusCode ?? 0))
      response.on('error', () => done(0))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => done(0))
  })
}

function conformance(
  name: string,
  spec: HttpSpec,
  isThere: (listen: string) => Promise<boolean>,
  doses: Record<string, number>[] = [],
): void {
  describe(name, () => {
    const checks = testInjector(fault, {
      async world() {
        const { pid, listen } = await ourProxy()
        return {
          target: targetAt(listen),
          spec,
          doses,
          isThere: () => isThere(listen),
          async destroy() {
            process.kill(pid, 'SIGKILL')
            await until('the proxy to be gone', () => !isAlive(pid))
          },
          cleanUp: () => {},
        }
      },
    })
    for (const check of checks) test(check.name, check.run)
  })
}

conformance(
  'http, with dials',
  { status: 503, delay: 20, share: 1, bandwidth: 8e9 },
  async (listen) => (await call(listen)).status === 503,
  [
    { delay: 120, share: 1, bandwidth: 8e8 },
    { delay: 5, share: 1, bandwidth: 8e9 },
  ],
)

function contextOf(mark: string): Context<never> {
  return {
    mark,
    deadline: new Date(wallMs() + 60_000),
    signal: new AbortController().signal,
    folder: '/',
    log: () => {},
    secret: () => Promise.reject(new Error('none')),
    random: () => 0.25,
    save: () => Promise.resolve(),
  }
}

suite('http at a proxy', () => {
  test('two faults act at one proxy, each on its own calls, and tell what they did', async () => {
    const { listen } = await ourProxy()
    const faults: [name: string, spec: HttpSpec, match: Partial<MatchSpec>][] = [
      ['charges', { status: 503, share: 0.5 }, { match: { path: '/charges' } }],
      ['others', { status: 500 }, { except: [{ path: '/health' }] }],
    ]
    const put = await Promise.all(
      faults.map(async ([name, spec, match]) => {
        const context = contextOf(`r9/${name}`)
        const { state, lock } = await fault.plan(spec, targetAt(listen, match), context)
        return { state, lock, context }
      }),
    )
    assert.equal(new Set(put.map(({ lock }) => lock)).size, 2)
    for (const { state, context } of put) await fault.inject(state, context)
    const charges = []
    for (let calls = 0; calls < 20; calls++) charges.push((await call(listen, '/charges')).status)
    // What the first one lets go is the second one's.
    assert.deepEqual([...new Set(charges)].toSorted(), [500, 503])
    assert.equal((await call(listen, '/health')).status, 200)
    const [first, second] = await Promise.all(put.map(({ state, context }) => fault.look(state, context)))
    const acted = charges.filter((status) => status === 503).length
    assert.equal(first?.seen, `acted on ${acted} of 20 requests`)
    assert.equal(first?.dose, undefined, 'of twenty calls chance tells as much as the fault')
    assert.equal(second?.seen, `acted on ${20 - acted} of ${20 - acted} requests`)
    for (const { state, context } of put) await fault.rollback(state, context)
    assert.equal((await call(listen, '/charges')).status, 200)
  })

  test('what it does stands in one sentence, without values that may be secret', () => {
    const matched: MatchSpec = {
      match: { method: ['POST'], path: '/v1/*', headers: { authorization: 'Bearer hunter2' } },
      except: [{ path: '/health' }],
    }
    const words: [HttpSpec, string][] = [
      [{ status: 503, share: 0.5 }, 'answer with 503: 50% of the calls'],
      [{ delay: 5000, jitter: 1000 }, 'delay the request by 5s ± 1s: all calls'],
      [{ lose: 'reset', nth: 3 }, 'lose the answer when the work is done (reset): one in 3 of the calls'],
      [
        { rewrite: { headers: { authorization: 'Bearer hunter3' }, remove: ['cookie'] }, most: 10 },
        'rewrite headers authorization, without cookie of the request: at most 10 of the calls',
      ],
      [{ quota: { calls: 100, per: 60_000 } }, 'let 100 in 1m pass and answer the others with 429: all calls'],
    ]
    for (const [spec, wanted] of words)
      assert.equal(
        ruleWords(spec, matched),
        `${wanted} with method POST and path /v1/* and header authorization, but not with path /health`,
      )
  })

  test('an answer that was waited for is changed, and no request can be any more', () => {
    const matched: MatchSpec = { match: { status: ['2xx'] }, except: [] }
    const rule = httpRule({ status: 503, delay: 10 }, matched)
    assert.deepEqual([rule.at, rule.acts.map(({ is }) => is)], ['answer', ['delay', 'change']])
    assert.throws(() => httpRule({ quota: { calls: 1, per: 1 } }, matched), /waits for its answer/)
  })
})
