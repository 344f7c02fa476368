import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connectProxy, proxyLease } from '../../../src/proxy/life/lease.ts'
import { listProxies } from '../../../src/proxy/life/list.ts'
import { openProxy } from '../../../src/proxy/life/open.ts'
import { proxyPlace, proxySocket } from '../../../src/proxy/life/place.ts'
import { everything } from '../../helpers/length.ts'
import { endProcess, until } from '../../helpers/processes.ts'
import { delay, dial, echo, isAlive, later, proxyStage, type Stage } from './support.ts'

suite('a proxy of ours', { concurrency: 4 }, () => {
  let stage: Stage
  before(async () => {
    stage = await proxyStage()
  })
  after(() => stage.end())

  test('is a process of its own: own session, never a target, no mark, at home nowhere, its files for its user alone', async () => {
    const task = await stage.task()
    const { lease, adopted } = await stage.open(task)
    assert.equal(adopted, false)
    const { pid } = lease.hello
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
    assert.equal(Number(stat[3]), pid, 'leads its session')
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1')
    assert.match(environment, /SQUALL_ROLE=proxy/)
    assert.doesNotMatch(environment, /SQUALL_MARK/)
    const place = proxyPlace(task.listen, stage.state)
    for (const path of [place.entry, place.socket, place.log]) assert.equal(statSync(path).mode & 0o077, 0, path)
    assert.ok((await echo(task.listen)) < 5_000)
    lease.close()
  })

  test('waits at a Unix socket too, for its user alone, and two paths that look alike are two', async () => {
    const paths = ['a/b.sock', 'a_b.sock'].map((path) => join(stage.state, path))
    mkdirSync(join(stage.state, 'a'))
    const opened = await Promise.all(paths.map(async (listen) => stage.open(await stage.task({ listen }))))
    for (const path of paths) {
      assert.ok((await echo(path)) < 5_000)
      assert.equal(statSync(path).mode & 0o077, 0, path)
    }
    assert.notEqual(opened[0]?.lease.hello.pid, opened[1]?.lease.hello.pid)
    for (const { lease } of opened) lease.close()
  })

  test('is adopted by a later run that wants the same, whatever it calls it', async () => {
    const task = await stage.task()
    const first = await stage.open(task)
    first.lease.close()
    const second = await stage.open({ ...task, name: 'pay', listen: task.listen.replace('127.0.0.1', 'localhost') })
    assert.equal(second.adopted, true)
    assert.equal(second.lease.hello.pid, first.lease.hello.pid)
    second.lease.close()
  })

  test('is refused to a run that wants another upstream, with the name of who has it', async () => {
    const task = await stage.task()
    const { lease } = await stage.open(task)
    await lease.hold('run 7')
    const other = { ...task, upstream: '127.0.0.1:1', startedBy: { run: 'r2', experiment: 'other' } }
    await assert.rejects(openProxy(other, stage.state), (error: Error & { code: string }) => {
      assert.equal(error.code, 'proxy-address-taken')
      assert.match(error.message, new RegExp(`payments \\(pid ${lease.hello.pid}, started by unit r1\\).*held by run 7`))
      return true
    })
    await assert.rejects(openProxy({ ...task, carries: 'http' }, stage.state), /passes on bytes/)
    lease.close()
  })

  test('does not start where somebody else listens, and says who', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const task = await stage.task({ listen: `127.0.0.1:${(server.address() as { port: number }).port}` })
    await assert.rejects(openProxy(task, stage.state), new RegExp(`cannot listen on .*pid ${process.pid}\\) listens there`))
    assert.equal(existsSync(proxyPlace(task.listen, stage.state).entry), false)
    server.close()
  })

  test('loses what was put through a connection when that ends, keeps what others put, and the bytes flow on', async () => {
    const task = await stage.task()
    const { lease: mine } = await stage.open(task)
    const other = await connectProxy(proxySocket(task.listen, stage.state))
    await mine.put([delay('r1/slow'), delay('r1/slower')], 'r1', later())
    await other?.put([delay('r2/slow', 1)], 'r2', later())
    const caller = await dial(task.listen)
    assert.ok((await echo(task.listen)) >= 400)
    mine.close()
    const ids = async (): Promise<string[]> => ((await other?.status())?.faults ?? []).map(({ fault }) => fault.id)
    await until('what was put to be cleared', async () => (await ids()).join() === 'r2/slow')
    await until('calls to be quick', async () => (await echo(task.listen)) < 350)
    const flows = new Promise((resolve) => caller.once('data', resolve))
    caller.write('still')
    assert.equal(String(await flows), 'still')
    caller.destroy()
    other?.close()
  })

  test('loses it when the time is over, and when another connection takes it away', async () => {
    const task = await stage.task()
    const { lease } = await stage.open(task)
    const sweep = await connectProxy(proxySocket(task.listen, stage.state))
    await lease.put([delay('r1/short')], 'r1', Date.now() + 100)
    await until('its time to be over', async () => (await lease.status()).faults.length === 0)
    await lease.put([delay('r1/a'), delay('r1/b')], 'r1', later())
    await sweep?.remove(['r1/a', 'r1/unknown'])
    assert.deepEqual(
      (await lease.status()).faults.map(({ fault, holder }) => [fault.id, holder]),
      [['r1/b', 'r1']],
    )
    sweep?.close()
    lease.close()
  })

  test('goes on without the faults of a process that was killed', async () => {
    const task = await stage.task()
    const { lease } = await stage.open(task)
    const socket = proxySocket(task.listen, stage.state)
    const life = join(import.meta.dirname, '../../../src/proxy/life/lease.ts')
    const code = `
      const { proxyLease } = await import(${JSON.stringify(life)})
      const lease = await proxyLease(${JSON.stringify(socket)})
      await lease.put([${JSON.stringify(delay('r9/slow'))}], 'r9', ${later()})
      setInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'ignore', 'inherit'] })
    await until('the fault to be there', async () => (await lease.status()).faults.length === 1)
    const killed = performance.now()
    await endProcess(holder)
    await until('the fault to be gone', async () => (await lease.status()).faults.length === 0)
    assert.ok(performance.now() - killed < 5_000)
    lease.close()
  })

  test('gives a process one connection, and a new one after it has ended', async () => {
    const task = await stage.task()
    const { lease } = await stage.open(task)
    const socket = proxySocket(task.listen, stage.state)
    const first = await proxyLease(socket)
    assert.equal(await proxyLease(socket), first)
    process.kill(lease.hello.pid, 'SIGKILL')
    await until('its end to be seen', () =>
      first.status().then(
        () => false,
        () => true,
      ),
    )
    await assert.rejects(proxyLease(socket), { code: 'proxy-failed' })
    const again = await stage.open(task)
    assert.notEqual((await proxyLease(socket)).hello.pid, lease.hello.pid)
    ;(await proxyLease(socket)).close()
    again.lease.close()
  })

  test('does not end while a run holds it; told to end it leaves nothing', async () => {
    const task = await stage.task()
    const { lease } = await stage.open(task)
    const holder = await connectProxy(proxySocket(task.listen, stage.state))
    await holder?.hold('run 3')
    await assert.rejects(lease.stop('held'), { code: 'proxy-in-use', message: /held by run 3/ })
    holder?.close()
    await until('it to be free', () => lease.stop('held').then(() => true))
    await until('it to be gone', () => !isAlive(lease.hello.pid))
    assert.equal(existsSync(proxyPlace(task.listen, stage.state).socket), false)
    assert.equal(existsSync(proxyPlace(task.listen, stage.state).lock), false)
    await assert.rejects(dial(task.listen))
  })

  test('ends by itself when nobody holds it and nobody uses it', async () => {
    const task = await stage.task({ idleAfter: 300 })
    const { lease } = await stage.open(task)
    await lease.hold('run 4')
    const caller = await dial(task.listen)
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.ok(isAlive(lease.hello.pid), 'is held')
    lease.close()
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.ok(isAlive(lease.hello.pid), 'is connected to')
    caller.destroy()
    await until('it to end', () => !isAlive(lease.hello.pid))
    assert.equal(existsSync(proxyPlace(task.listen, stage.state).entry), false)
  })

  test('that was killed is started again at the same place, its socket file notwithstanding', async () => {
    const task = await stage.task()
    const pids = new Set<number>()
    const cycles = everything ? 100 : 6
    for (let cycle = 0; cycle < cycles; cycle++) {
      const { lease, adopted } = await stage.open(task)
      pids.add(lease.hello.pid)
      assert.equal(adopted, cycle % 2 === 1)
      await echo(task.listen)
      lease.close()
      if (cycle % 2 === 1) {
        process.kill(lease.hello.pid, 'SIGKILL')
        assert.ok(existsSync(proxySocket(task.listen, stage.state)))
      }
    }
    assert.equal(pids.size, cycles / 2)
  })

  test('is started once when two runs want it at the same moment', async () => {
    const task = await stage.task()
    const opened = await Promise.all([stage.open(task), stage.open(task), stage.open(task)])
    assert.equal(new Set(opened.map(({ lease }) => lease.hello.pid)).size, 1)
    assert.equal(opened.filter(({ adopted }) => !adopted).length, 1)
    for (const { lease } of opened) lease.close()
  })

  test('is listed with what it does; what a dead one left is taken away', async (t) => {
    const own = await proxyStage() // Others' dead ones are none of its business.
    t.after(() => own.end())
    const [living, dead] = [await own.task(), await own.task()]
    const [one, two] = [await own.open(living), await own.open(dead)]
    await one.lease.put([delay('r1/slow')], 'r1', later())
    process.kill(two.lease.hello.pid, 'SIGKILL')
    const listed = await listProxies(own.state)
    const found = listed.find(({ entry }) => entry.listen === living.listen)
    assert.deepEqual(found?.holders, ['r1'])
    assert.equal(found?.status?.faults.length, 1)
    const listens = async (): Promise<string[]> => (await listProxies(own.state)).map(({ entry }) => entry.listen)
    await until('the dead one not to be listed', async () => (await listens()).join() === living.listen)
    assert.equal(existsSync(proxyPlace(dead.listen, own.state).entry), false)
    one.lease.close()
  })

  test('that stands still is not taken for a dead one', async () => {
    const task = await stage.task()
    const { lease } = await stage.open(task)
    const { pid } = lease.hello
    lease.close()
    process.kill(pid, 'SIGSTOP')
    try {
      await assert.rejects(openProxy(task, stage.state), { code: 'proxy-failed', message: /does not answer/ })
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  })

  test('of another version is replaced when nobody needs it, and named when somebody does', async () => {
    const task = await stage.task()
    const place = proxyPlace(task.listen, stage.state)
    mkdirSync(place.folder, { recursive: true })
    let used = true
    const old = createServer((socket) => {
      socket.write(`${JSON.stringify({ hello: 'squall proxy', ...task, protocol: 0, version: '0.0.1', pid: 1, start: 0, holders: [] })}\n`)
      socket.once('data', (line) => {
        const { n, ask } = JSON.parse(String(line)) as { n: number; ask: string }
        assert.equal(ask, 'stop')
        socket.write(`${JSON.stringify(used ? { n, ok: false, error: { code: 'proxy-in-use', message: 'no' } } : { n, ok: true })}\n`)
        if (!used) old.close(() => {})
        if (!used) socket.end()
      })
    })
    await new Promise<void>((resolve) => old.listen(place.socket, resolve))
    await assert.rejects(openProxy(task, stage.state), { code: 'proxy-failed', message: /of Squall 0\.0\.1/ })
    used = false
    const { lease } = await stage.open(task)
    assert.notEqual(lease.hello.pid, 1)
    lease.close()
  })
})
