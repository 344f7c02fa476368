/** Proxies in the guardian's hands: there before the faults, held, started anew when they die, left when the run is over. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { FromGuardian, RunProxy } from '../../src/guardian/protocol.ts'
import { openRunProxies, type RunProxies } from '../../src/guardian/run-proxies.ts'
import { proxyLease } from '../../src/proxy/life/lease.ts'
import { proxySocket } from '../../src/proxy/life/place.ts'
import { until } from '../helpers/processes.ts'
import { delay, dial, echo, isAlive, later, proxyStage, type Stage } from '../proxy/life/support.ts'

suite('the proxies of a run', () => {
  let stage: Stage
  before(async () => {
    stage = await proxyStage()
  })
  after(() => stage.end())

  const died: Extract<FromGuardian, { say: 'proxy died' }>[] = []
  /** Two proxies, the first at a given address. */
  async function opened(run: string, listen?: string, upstream = stage.upstream): Promise<RunProxies> {
    const [one, two] = [await stage.task(listen === undefined ? {} : { listen }), await stage.task()]
    const proxies = await openRunProxies({
      request: {
        ...{ run, experiment: 'unit', state: stage.state },
        proxies: [
          { name: 'one', carries: 'bytes', listen: one.listen, upstream },
          { name: 'two', carries: 'bytes', listen: two.listen, upstream: stage.upstream },
          { name: 'theirs', carries: 'bytes', toxiproxy: 'http://127.0.0.1:1', remote: 'redis' },
        ],
      },
      log: () => {},
      onDied: (dead, again, why) => void died.push({ say: 'proxy died', dead, again, why }),
    })
    stage.endLater(proxies.all().map(({ pid }) => pid))
    return proxies
  }

  test('are started, held, and left when it is over', async () => {
    const proxies = await opened('r1')
    const [one, two] = proxies.all() as [RunProxy, RunProxy]
    assert.deepEqual([one.name, two.name, one.adopted], ['one', 'two', false])
    await Promise.all([echo(one.listen), echo(two.listen)])
    const lease = await proxyLease(proxySocket(one.listen, stage.state))
    await assert.rejects(lease.stop('held'), /held by r1/)
    proxies.release()
    const later = await opened('r2', one.listen)
    assert.deepEqual(later.all()[0], { ...one, adopted: true })
    later.release()
    assert.ok(isAlive(one.pid) && isAlive(two.pid))
    lease.close()
  })

  test('are refused together: what was started for it is gone, what was there before stays', async () => {
    const first = await opened('r1')
    const [one] = first.all() as [RunProxy]
    first.release()
    const refused = opened('r2', one.listen, '127.0.0.1:1')
    await assert.rejects(refused, { code: 'proxy-address-taken' })
    await echo(one.listen)
    const adopted = await opened('r3', one.listen)
    const [, fresh] = adopted.all() as [RunProxy, RunProxy]
    await adopted.giveUp()
    await until('what was fresh to be gone', () => !isAlive(fresh.pid))
    await assert.rejects(dial(fresh.listen))
    await echo(one.listen)
  })

  test('that die are started again at the same address, without faults, and it is said', async () => {
    const proxies = await opened('r1')
    const [one] = proxies.all() as [RunProxy]
    const lease = await proxyLease(proxySocket(one.listen, stage.state))
    await lease.put([delay('r1/slow'), { is: 'connections', id: 'r1/hang', new: 'hang' }], 'r1', later())
    process.kill(one.pid, 'SIGKILL')
    await until('it to be told', () => died.length > 0)
    const [{ dead, again }] = died as [(typeof died)[number]]
    assert.deepEqual([dead, again?.listen], [one, one.listen])
    assert.notEqual(again?.pid, one.pid)
    stage.endLater([again?.pid ?? 0])
    await until('calls to be quick', async () => (await echo(one.listen)) < 190)
    assert.deepEqual((await (await proxyLease(proxySocket(one.listen, stage.state))).status()).faults, [])
    assert.equal(died.length, 1)
    proxies.release()
  })
})
