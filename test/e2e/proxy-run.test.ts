/** Whole experiments with a proxy between a small shop and its payments, judged by what the shop itself says of its calls. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { freePort } from '../helpers/free-port.ts'
import { everything } from '../helpers/length.ts'
import { type Stage, withStage } from './stage.ts'

/**
 * Payments, and a shop that calls it 25 times a second at the address that it is given, each time on a new connection. It says how long a
 * call took at the median of the last half second, and how many of these calls went wrong.
 */
const shop = `import { Agent, createServer, get } from 'node:http'
const [payments, metrics, called] = process.argv.slice(2).map(Number)
createServer((_, response) => response.end('{"paid":true}')).listen(payments, '127.0.0.1')
const calls = []
const call = () => {
  const one = { at: Date.now(), took: 2000, bad: false }
  const asked = get({ port: called, host: '127.0.0.1', agent: new Agent(), timeout: 2000 }, (answer) => {
    answer.resume()
    answer.once('end', () => done(answer.statusCode !== 200))
  })
  const done = (bad) => { Object.assign(one, { took: Date.now() - one.at, bad }); calls.push(one) }
  asked.once('error', () => done(true))
}
if (called) setInterval(call, 40)
createServer((_, response) => {
  const last = calls.filter(({ at, took }) => at + took > Date.now() - 500)
  const took = last.map((one) => one.took).sort((a, b) => a - b)
  response.end(JSON.stringify({ took: took[took.length >> 1] ?? 0, bad: last.filter(({ bad }) => bad).length }))
}).listen(metrics, '127.0.0.1', () => console.log('ready'))
`

interface Shown {
  outcome: string
  exit: number
  error?: { code: string; message: string }
  verdict: Verdict
  changes: { state: string; injectedAt?: number; looks: { active: boolean; seen: string; dose?: Record<string, number> }[] }[]
  samples?: unknown
}

interface Setting {
  measures: string
  faults: string
  /** Nobody calls through the proxy. */
  idle?: true
  options?: string[]
  /** How long the fault phase is; default 3s. */
  fault?: string
}

interface Played {
  code: number | null
  stdout: string
  shown: Shown
}

/** A machine that is busy with other tests may miss readings, and phases are short here: then once more. */
async function play(stage: Stage, setting: Setting): Promise<Played> {
  const played = await playOnce(stage, setting)
  const { outcome, verdict } = played.shown
  return outcome === 'inconclusive' && verdict.because.includes('are missing') ? playOnce(stage, setting) : played
}

async function playOnce(stage: Stage, { measures, faults, idle, options = [], fault = '3s' }: Setting): Promise<Played> {
  const [payments, metrics, proxy] = [await freePort(), await freePort(), await freePort()]
  const script = stage.write('shop.mjs', shop)
  const { child } = stage.start([process.execPath, script, ...[payments, metrics, idle ? 0 : proxy].map(String)])
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  const document = stage.write(
    'experiment.yaml',
    `name: shop
hypothesis: The shop bears what its payments do.
environment: test
proxies: { payments: { listen: 127.0.0.1:${proxy}, upstream: 'http://127.0.0.1:${payments}' } }
sources: { shop: { type: endpoint, url: 'http://127.0.0.1:${metrics}/' } }
measures:
${measures}
phases: { warmup: 500ms, baseline: 2s, fault: ${fault}, recovery: 2s }
faults:
${faults}
`,
  )
  try {
    const { code, stdout } = await stage.command('run', ...options, document)
    const shown = JSON.parse((await stage.command('show', 'last', '--json')).stdout) as Shown
    const listed = JSON.parse((await stage.command('proxy', 'list', '--json')).stdout) as {
      proxies: { name: string; status?: { faults: unknown[] } }[]
    }
    assert.deepEqual(
      listed.proxies.map(({ name, status }) => [name, status?.faults ?? []]),
      [['payments', []]],
      'the proxy stays, without any fault',
    )
    return { code, stdout, shown }
  } finally {
    const { code } = await stage.command('proxy', 'stop', 'payments')
    assert.equal(code, 0, 'the proxy was to end')
  }
}

const took = '  took: { from: shop, unit: ms, max: { fault: 150ms, recovery: 150ms } }'
const states = ({ changes }: Shown): string[] => changes.map(({ state }) => state)
const decisions = ({ verdict }: Shown): Record<string, string> =>
  Object.fromEntries(verdict.cells.map(({ measure, phase, decision }) => [`${measure} ${phase}`, decision]))

describe('a run with a proxy', { concurrency: 2 }, () => {
  test(
    'a delay is felt by those who call, breaks their bound, and is gone afterwards; the proxy counts the calls',
    withStage(async (stage) => {
      const { code, stdout, shown } = await play(stage, {
        measures: `${took}\n  calls: { from: proxy:payments, query: throughput, min: 5/s }\n  open: { from: proxy:payments, query: connections, max: 200 }`,
        faults: '  - { type: network, target: { proxy: payments }, delay: 300ms }',
      })
      assert.equal(code, 1, stage.said())
      assert.deepEqual(states(shown), ['verified'])
      const found = decisions(shown)
      assert.deepEqual(
        [found['took fault'], found['took recovery'], found['calls fault'], found['open fault']],
        ['breached', 'held', 'held', 'held'],
        JSON.stringify(found),
      )
      const doses = shown.changes[0]?.looks.flatMap(({ dose }) => dose?.delay ?? []) ?? []
      assert.ok(doses.length > 0 && doses.every((delay) => delay >= 300 && delay < 400), JSON.stringify(doses))
      assert.match(stdout, /proxy payments at 127\.0\.0\.1:\d+: point your service there instead of at http:\/\/127\.0\.0\.1:\d+/)
    }),
  )

  test(
    'a partition makes each call go wrong while it lasts',
    withStage(async (stage) => {
      const { code, shown } = await play(stage, {
        measures: '  bad: { from: shop, max: { baseline: 0, recovery: 0 after 1s }, min: { fault: 1 after 1s } }',
        faults: '  - { type: partition, target: { proxy: payments }, how: reset }',
      })
      assert.equal(code, 0, stage.said())
      assert.deepEqual(states(shown), ['verified'])
    }),
  )

  test(
    'HTTP calls are broken in two ways at once, each on its own calls, and whole again afterwards',
    { skip: everything ? false : 'SQUALL_TEST_ALL=1 runs it' },
    withStage(async (stage) => {
      const { code, shown } = await play(stage, {
        measures: `  bad: { from: shop, max: { baseline: 0, recovery: 0 after 1s }, min: { fault: 1 after 1s } }
  errors: { from: proxy:payments, query: error_rate, max: none }`,
        faults: `  - { type: http, name: failing, target: { proxy: payments, match: { path: / } }, status: 503, share: 30%..70%, most: 1000 }
  - { type: http, name: lost, target: { proxy: payments }, lose: reset, nth: 2 }`,
      })
      assert.equal(code, 0, stage.said())
      assert.deepEqual(states(shown), ['verified', 'verified'])
      const seen = shown.changes.map(({ looks }) => looks.findLast(({ active }) => active)?.seen ?? '')
      for (const words of seen) {
        const [, acted, matched] = /^acted on (\d+) of (\d+) requests/.exec(words) ?? []
        assert.ok(Number(acted) > 5 && Number(acted) < Number(matched), seen.join('\n'))
      }
    }),
  )

  test(
    'every other call is answered with 503, and the proxy’s own error rate says so',
    withStage(async (stage) => {
      const { code, shown } = await play(stage, {
        measures: `  payment_errors: { from: proxy:payments, query: error_rate, max: { baseline: 20%, fault: 90%, recovery: 20% }, min: { fault: 15% } }
  bad: { from: shop, max: { baseline: 0, recovery: 0 after 1s }, min: { fault: 1 after 1s } }`,
        faults: '  - { type: http, target: { proxy: payments }, status: 503, share: 50% }',
      })
      assert.equal(code, 0, stage.said())
      assert.deepEqual([states(shown), decisions(shown)['payment_errors fault']], [['verified'], 'held'])
    }),
  )

  test(
    'through which nothing passes ends as an error before anything is injected, and says what to do',
    withStage(async (stage) => {
      const { code, stdout, shown } = await play(stage, {
        measures: took,
        faults: '  - { type: network, target: { proxy: payments }, delay: 300ms }',
        idle: true,
      })
      assert.equal(code, 5, stage.said())
      assert.equal(shown.error?.code, 'proxy-unused')
      const what = /the fault could not act: nothing passed through the proxy payments; point your service at 127\.0\.0\.1:\d+ instead of/
      assert.match(shown.error?.message ?? '', what)
      assert.match(stdout, what)
      assert.deepEqual(
        shown.changes.map(({ state, injectedAt }) => [state, injectedAt]),
        [['nothing to undo', undefined]],
      )
    }),
  )

  test(
    'a delay that moves is as strong as asked all the way',
    { skip: everything ? false : 'SQUALL_TEST_ALL=1 runs it' },
    withStage(async (stage) => {
      const { code, shown } = await play(stage, {
        measures: '  took: { from: shop, unit: ms, max: { fault: 600ms, recovery: 150ms } }',
        faults: '  - { type: network, target: { proxy: payments }, delay: 0ms..400ms, ramp: 8s }',
        fault: '9s',
      })
      assert.equal(code, 0, stage.said())
      const doses = shown.changes[0]?.looks.flatMap(({ dose }) => dose?.delay ?? []) ?? []
      assert.ok(doses.length >= 5 && (doses.at(-1) ?? 0) > 300, JSON.stringify(doses))
    }),
  )

  test(
    'as a placebo is started, watched and counted at, and nobody is slowed down',
    { skip: everything ? false : 'SQUALL_TEST_ALL=1 runs it' },
    withStage(async (stage) => {
      const { code, shown } = await play(stage, {
        measures: took,
        faults: '  - { type: network, target: { proxy: payments }, delay: 300ms }',
        options: ['--placebo'],
      })
      assert.equal(code, 3, stage.said())
      assert.deepEqual([states(shown), decisions(shown)['took fault']], [['nothing to undo'], 'held'])
    }),
  )
})
