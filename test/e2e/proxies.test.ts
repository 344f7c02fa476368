/** Proxies in whole runs: what happens to them, and to those who call through them, when something dies. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { connectProxy } from '../../src/proxy/life/lease.ts'
import { type ListedProxy, listProxies } from '../../src/proxy/life/list.ts'
import { proxySocket } from '../../src/proxy/life/place.ts'
import { cgroup2Root } from '../../src/system/own-cgroup.ts'
import { freePort } from '../helpers/free-port.ts'
import { delay, dial, echo, echoServer, isAlive, later } from '../proxy/life/support.ts'
import { type Stage, until, withStage } from './stage.ts'

interface Way {
  listen: string
  document: string
  /** The proxy that listens now. */
  proxy(): Promise<ListedProxy>
  end(): Promise<void>
}

/** A proxy in front of an echo, a document that makes it slow by 300 ms, and somebody who calls through it all the time. */
async function openWay(stage: Stage): Promise<Way> {
  const { server, port } = await echoServer()
  const listen = `127.0.0.1:${await freePort()}`
  const text = readFileSync(stage.document('  - type: network\n    name: slow\n    target: { proxy: way }\n    delay: 300ms\n'), 'utf8')
  const document = stage.write('way.yaml', `proxies: { way: { listen: '${listen}', upstream: '127.0.0.1:${port}' } }\n${text}`)
  let over = false
  const calling = (async () => {
    while (!over) {
      await echo(listen).catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
  })()
  const proxies = (): Promise<ListedProxy[]> => listProxies(stage.state)
  return {
    ...{ listen, document },
    async proxy() {
      let found: ListedProxy | undefined
      await until('a proxy to be there', async () => {
        found = (await proxies())[0]
        return found?.status !== undefined
      })
      return found as ListedProxy
    },
    async end() {
      over = true
      await calling
      for (const { entry } of await proxies()) process.kill(entry.pid, 'SIGKILL')
      server.close()
    },
  }
}

function withWay(work: (stage: Stage, way: Way, skip: (why: string) => void) => Promise<void>): ReturnType<typeof withStage> {
  return withStage(async (stage, t) => {
    const way = await openWay(stage)
    try {
      await work(stage, way, (why) => t.skip(why))
    } finally {
      await way.end()
    }
  })
}

const slow = (way: Way): Promise<void> => until('calls to be slow', async () => (await echo(way.listen)) >= 300, 20_000)
const quick = (way: Way, ms?: number): Promise<void> => until('calls to be quick', async () => (await echo(way.listen)) < 250, ms)

describe('the proxy of a run', { concurrency: 3 }, () => {
  test(
    'stays when the run is over, named in the record, in history and in the list; then it can be ended',
    withWay(async (stage, way) => {
      const document = stage.write('short.yaml', readFileSync(way.document, 'utf8').replace('fault: 60s', 'fault: 2s'))
      const run = stage.run(document)
      await slow(way)
      const { entry } = await way.proxy()
      const refused = await stage.command('proxy', 'stop', 'way')
      assert.equal(refused.code, 2)
      assert.match(refused.stderr, /the proxy way is held by \d{8}-/)
      const { stdout } = await run.ended
      const stays = new RegExp(`the proxy way still passes on from ${way.listen} to .*\\(pid ${entry.pid}\\)`)
      assert.match(stdout.replace(/\s+/g, ' '), stays)
      assert.match((await stage.command('history')).stderr, /still there: the proxy way .*squall proxy stop way ends it/)
      assert.match((await stage.command('report', '--format', 'md')).stdout.replace(/\\/g, ''), stays)
      assert.match((await stage.command('proxy', 'list')).stdout, new RegExp(`way +${way.listen} .* ${entry.pid} .* none +nobody`))
      assert.equal((await stage.command('proxy', 'stop', 'way')).code, 0)
      assert.equal(isAlive(entry.pid), false)
      assert.deepEqual(JSON.parse((await stage.command('proxy', 'list', '--json')).stdout).proxies, [])
    }),
  )

  test(
    'that dies is started again on the same port without the fault, and the run ends as error',
    withWay(async (stage, way) => {
      const run = stage.run(way.document)
      await slow(way)
      const { entry } = await way.proxy()
      process.kill(entry.pid, 'SIGKILL')
      await quick(way)
      const again = await way.proxy()
      assert.notEqual(again.entry.pid, entry.pid)
      const { code, stdout } = await run.ended
      assert.equal(code, 5)
      const told = new RegExp(
        `the proxy way at ${way.listen} \\(pid ${entry.pid}\\) died during the run; it was started again without faults`,
      )
      assert.match(stdout.replace(/\s+/g, ' '), told)
      assert.deepEqual((await way.proxy()).status?.faults, [])
    }),
  )

  test(
    'is rid of the run that is halted, and keeps what others have put',
    withWay(async (stage, way) => {
      const run = stage.run(way.document)
      await slow(way)
      const other = await connectProxy(proxySocket(way.listen, stage.state))
      await other?.put([delay('other/slow', 1)], 'other', later())
      assert.equal((await stage.command('halt')).code, 0)
      await quick(way)
      assert.equal((await run.ended).code, 4)
      assert.deepEqual(
        (await other?.status())?.faults.map(({ fault }) => fault.id),
        ['other/slow'],
      )
      other?.close()
    }),
  )

  test(
    'outlives the cgroups of runner and guardian, with the connections through it, and lets go of the fault',
    withWay(async (stage, way, skip) => {
      const root = cgroup2Root()
      if (!root || process.getuid?.() !== 0) return skip('needs root and cgroup version 2')
      const runner = stage.run(way.document)
      const group = `${root}/e2e-proxy-${runner.pid}`
      mkdirSync(group)
      writeFileSync(`${group}/cgroup.procs`, String(runner.pid))
      const { guardian } = await stage.started()
      await slow(way)
      const caller = await dial(way.listen)
      const own = readFileSync(`/proc/${guardian}/cgroup`, 'latin1').match(/^0::(.*)$/m)?.[1] ?? ''
      writeFileSync(`${root}${own}/cgroup.kill`, '1')
      writeFileSync(`${group}/cgroup.kill`, '1')
      await until('runner and guardian to be dead', () => !isAlive(runner.pid) && !isAlive(guardian))
      await quick(way, 2_000)
      const answer = new Promise((resolve) => caller.once('data', resolve))
      caller.write('still')
      assert.equal(String(await answer), 'still')
      caller.destroy()
      await until('its group to be empty', () => {
        rmdirSync(group)
        return true
      })
    }),
  )
})
