/** Connections through a run's proxy outlive everybody: runner and guardian are killed, the fault is gone at once, all flow on. Python judges. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedMonotonicMs } from '../../../src/system/clock.ts'
import { freePort } from '../../helpers/free-port.ts'
import { until, withStage } from '../stage.ts'
import { startPeers } from './start.ts'

interface State {
  open: number
  rounds: number
  slowest: number
  wrong: string[]
}

const count = 1_000

test(
  'runner and guardian killed under a delay: it is gone at once, and 1,000 connections flow on, each number in its place',
  withStage(async (stage, t) => {
    const peers = startPeers('thousand.py', String(count))
    const listen = `127.0.0.1:${await freePort()}`
    const upstream = `127.0.0.1:${await peers.next()}`
    const late = '  - type: network\n    target: { proxy: shop }\n    delay: 30s\n    direction: in\n'
    const document = stage.document(late)
    stage.write(
      'experiment.yaml',
      stage
        .text(document)
        .replace('warmup: 0s', 'warmup: 3s')
        .replace('sources:', `proxies: { shop: { listen: '${listen}', upstream: '${upstream}' } }\nsources:`),
    )
    try {
      const runner = stage.run(document)
      const { guardian } = await stage.started()
      await until('the run to have begun', () => stage.said().includes('warm-up'))
      await peers.ask(listen.replace(':', ' '))
      assert.deepEqual(await peers.ask('held'), {}, 'the delay did not hold what was sent')
      const killed = sharedMonotonicMs()
      process.kill(guardian, 'SIGKILL')
      process.kill(runner.pid, 'SIGKILL')
      const { first, last } = (await peers.ask(`since ${killed}`)) as { first: number; last: number }
      t.diagnostic(
        `after the kill the first held answer arrived after ${first.toFixed(1)} ms, the last of ${count} after ${last.toFixed(1)} ms`,
      )
      assert.ok(last < 1_000, `${last} ms`)
      await peers.ask('state')
      await until('a few rounds more', async () => (await state()).rounds > 0)
      const { open, wrong, slowest } = await state()
      assert.deepEqual([open, wrong], [count, []])
      assert.ok(slowest < 5_000, `${slowest} ms`)
      const { stdout } = await stage.command('proxy', 'list', '--json')
      assert.ok(stdout.includes(listen), stdout)
    } finally {
      await peers.end()
      await stage.command('proxy', 'stop', 'shop')
    }

    async function state(): Promise<State> {
      return (await peers.ask('state')) as State
    }
  }),
)
