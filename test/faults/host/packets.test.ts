/** Faults on packets in network namespaces of the test's own: the suite that all injectors go through, and what others see. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConformanceOptions, testInjector } from '../../../src/faults/conformance.ts'
import { network } from '../../../src/faults/host/network.ts'
import { partition } from '../../../src/faults/host/partition.ts'
import type { AnyInjector, Change, Context, Json, Target } from '../../../src/faults/injector.ts'
import { readTo } from '../../../src/faults/packets/to.ts'
import { everything } from '../../helpers/length.ts'
import { type Cable, cannotCable, layCable } from '../../helpers/netns.ts'
import { until } from '../../helpers/processes.ts'

const why = cannotCable()
const skip = why !== false && !everything ? why : false
const long = everything ? false : 'long: SQUALL_TEST_ALL=1'

let cable: Cable
before(() => {
  if (skip === false) cable = layCable()
})
after(() => cable?.remove())

function target(to?: string, more: object = {}): Target {
  const reading = to === undefined ? undefined : readTo(to)
  assert.ok(reading?.ok !== false)
  const narrowing = { netns: cable.here, ...(reading && { to: reading.value }), ...more } as unknown as Json
  return { place: 'host', id: 'local', name: 'this host', facts: { narrowing } }
}

const reaches = (address = '10.77.0.2', ...more: string[]): boolean =>
  spawnSync('ip', ['netns', 'exec', cable.here, 'ping', '-c1', '-W1', '-i.2', ...more, address]).status === 0

let faults = 0
async function inject(
  injector: AnyInjector,
  spec: object,
  at: Target,
): Promise<{ change: Change<Json>; context: Context<Json>; undo(): Promise<void> }> {
  const context = {
    mark: `packets-${process.pid}/${++faults}`,
    deadline: new Date(Date.now() + 60_000),
    signal: new AbortController().signal,
    folder: '/',
  } as Context<Json>
  const change = (await injector.plan(spec, at, context)) as Change<Json>
  await injector.inject(change.state, context)
  return {
    change,
    context,
    async undo() {
      await injector.rollback(change.state, context)
      assert.equal((await injector.look(change.state, context)).active, false)
    },
  }
}

/** Runs the suite on a namespace that each check has for itself: it may be made to disappear. */
function suite(
  name: string,
  injector: AnyInjector,
  spec: object,
  isThere: (own: Cable) => boolean,
  doses: Record<string, number>[] = [],
): void {
  const options: ConformanceOptions = {
    world() {
      const own = layCable()
      const narrowing = { netns: own.here, to: { host: '10.77.0.2' } } as unknown as Json
      return Promise.resolve({
        target: { place: 'host', id: 'local', name: 'this host', facts: { narrowing } },
        spec,
        doses,
        isThere: () => isThere(own),
        destroy: own.remove,
        cleanUp: own.remove,
      })
    },
  }
  describe(name, { skip: long }, () => {
    for (const check of testInjector(injector, options)) test(check.name, check.run)
  })
}

const hasTable = (own: Cable): boolean => own.tries('nft', 'list', 'ruleset').includes('table inet squall_')
const hasTree = (own: Cable): boolean => own.tries('tc', 'qdisc', 'show').includes('htb 51')
suite('partition at a host', partition, {}, hasTable)
suite('loss at a host', network, { loss: 0.5 }, hasTable, [{ loss: 0.2 }, { loss: 1, delay: 5, bandwidth: 1e6 }])
suite('bandwidth at a host', network, { bandwidth: 1e6, direction: 'both' }, hasTree, [{ bandwidth: 2e6, delay: 5, loss: 0.1 }])

describe('a partition', { skip }, () => {
  test('cuts off what is meant, in both families, and nothing else', async () => {
    const before = cable.state()
    const four = await inject(partition, {}, target('10.77.0.2'))
    assert.match(four.change.steps?.[0]?.undoes ?? '', /^nsenter --net=\/run\/netns\/\S+ nft delete table inet squall_/)
    assert.equal(reaches('10.77.0.2'), false)
    assert.equal(reaches('fd77::2'), true)
    await four.undo()
    const six = await inject(partition, { direction: 'out' }, target('fd77::/64'))
    assert.equal(reaches('fd77::2'), false)
    assert.equal(reaches('10.77.0.2'), true)
    await six.undo()
    assert.equal(cable.state(), before)
  })

  test('of one port leaves the others, and says refused or reset as asked', { skip: long, timeout: 20_000 }, async () => {
    const servers = [8081, 8082].map((port) => serveIn(cable, port))
    try {
      await until('both ports', () => [8081, 8082].every((port) => call(cable, port) === 'ok'), 5_000)
      for (const [how, says] of [
        ['refuse', 'ECONNREFUSED'],
        ['reset', 'ECONNRESET'],
        ['drop', 'timeout'],
      ] as const) {
        const fault = await inject(partition, { how }, target('10.77.0.2:8081'))
        assert.equal(call(cable, 8081), says)
        assert.equal(call(cable, 8082), 'ok')
        const { seen } = await partition.look(fault.change.state, fault.context)
        assert.match(seen, /^[1-9]\d* packets met it$/)
        await fault.undo()
        assert.equal(call(cable, 8081), 'ok')
      }
    } finally {
      for (const server of servers) server.kill('SIGKILL')
    }
  })

  test('ends by itself with everybody dead', { skip: long }, async () => {
    const context = {
      mark: `packets-${process.pid}/dead`,
      deadline: new Date(Date.now() + 3_000),
      signal: new AbortController().signal,
    } as Context<Json>
    const change = (await partition.plan({}, target('10.77.0.2'), context)) as Change<Json>
    await partition.inject(change.state, context)
    assert.equal(reaches(), false)
    assert.match(change.expires ?? '', /^after [123] s$/)
    await until('it to end', () => reaches(), 6_000)
    assert.equal((await partition.look(change.state, context)).active, false)
    await partition.rollback(change.state, context)
    assert.ok(!hasTable(cable))
  })

  test('leaves what others set up, before and during it', async () => {
    cable.run('nft', 'add', 'table', 'inet', 'users')
    const before = cable.state()
    const fault = await inject(partition, {}, target('10.77.0.2'))
    cable.run('nft', 'add', 'chain', 'inet', 'users', 'during')
    await fault.undo()
    const text = cable.run('nft', 'list', 'ruleset')
    assert.match(text, /chain during/)
    assert.ok(!text.includes('squall_'))
    cable.run('nft', 'delete', 'chain', 'inet', 'users', 'during')
    assert.equal(cable.state(), before)
    cable.run('nft', 'delete', 'table', 'inet', 'users')
  })
})

describe('loss', { skip }, () => {
  test('without netem, and its traces are gone afterwards', async () => {
    const before = cable.state()
    const fault = await inject(network, { loss: 1 }, target('10.77.0.0/24', { interface: 'v0' }))
    assert.equal(reaches(), false)
    assert.equal(reaches('fd77::2'), true)
    await fault.undo()
    assert.equal(reaches(), true)
    assert.equal(cable.state(), before)
  })

  test('a setting that others changed meanwhile is left alone', { skip: long }, async () => {
    const fault = await inject(network, { loss: 0.5 }, target('10.77.0.2'))
    cable.run('ip', 'link', 'set', 'v0', 'gso_max_segs', '100')
    await fault.undo()
    assert.match(cable.run('ip', '-d', 'link', 'show', 'v0'), /gso_max_segs 100 /)
    cable.run('ip', 'link', 'set', 'v0', 'gso_max_segs', '65535')
  })
})

describe('a tree of queueing disciplines', { skip }, () => {
  test('keeps a bandwidth to 2 %, counted on the wire', { skip: long, timeout: 30_000 }, async () => {
    const fault = await inject(network, { bandwidth: 10e6 }, target('10.77.0.2'))
    const server = spawn('ip', ['netns', 'exec', cable.there, 'iperf3', '-s', '-1'], { stdio: 'ignore' })
    await sleep(500)
    const client = spawn('ip', ['netns', 'exec', cable.here, 'iperf3', '-c', '10.77.0.2', '-t', '6'], { stdio: 'ignore' })
    await sleep(1_500)
    const arrived = (): number => Number(cable.runThere('cat', '/sys/class/net/v1/statistics/rx_bytes'))
    const [from, at] = [arrived(), performance.now()]
    await sleep(3_000)
    const rate = ((arrived() - from) * 8) / ((performance.now() - at) / 1000)
    for (const one of [client, server]) one.kill('SIGKILL')
    assert.ok(Math.abs(rate / 10e6 - 1) < 0.02, `${rate} bit/s`)
    await fault.undo()
  })

  test('nests below the user’s and goes without a trace', async () => {
    cable.run('tc', 'qdisc', 'add', 'dev', 'v0', 'root', 'handle', '7:', 'htb', 'default', '10')
    for (const id of ['7:10', '7:20'])
      cable.run('tc', 'class', 'add', 'dev', 'v0', 'parent', '7:', 'classid', id, 'htb', 'rate', '100mbit', 'quantum', '2000')
    cable.run('tc', 'qdisc', 'add', 'dev', 'v0', 'clsact')
    const before = cable.state()
    const fault = await inject(network, { bandwidth: 1e6, direction: 'both' }, target('10.77.0.2'))
    for (const one of [/htb 51[0-9a-f]0: parent 7:10/, /htb 51[0-9a-f]4: parent 7:20/])
      assert.match(cable.run('tc', 'qdisc', 'show', 'dev', 'v0'), one)
    cable.run('tc', 'class', 'add', 'dev', 'v0', 'parent', '7:', 'classid', '7:30', 'htb', 'rate', '1mbit', 'quantum', '2000')
    await fault.undo()
    assert.match(cable.run('tc', 'class', 'show', 'dev', 'v0'), /7:30/)
    cable.run('tc', 'class', 'del', 'dev', 'v0', 'classid', '7:30')
    assert.equal(cable.state(), before)
    cable.run('tc', 'qdisc', 'del', 'dev', 'v0', 'root')
    cable.run('tc', 'qdisc', 'del', 'dev', 'v0', 'clsact')
  })

  test('a device at which nothing waits, as a container’s, is so again afterwards', async () => {
    cable.run('ip', 'link', 'set', 'v0', 'txqueuelen', '0')
    const before = cable.state()
    try {
      const { undo } = await inject(network, { bandwidth: 1_000_000, direction: 'both' }, target())
      assert.notEqual(cable.state(), before)
      await undo()
      assert.equal(cable.state(), before)
    } finally {
      cable.run('ip', 'link', 'set', 'v0', 'txqueuelen', '1000')
    }
  })

  test('is refused where it would replace something', async () => {
    cable.run('tc', 'qdisc', 'add', 'dev', 'v0', 'root', 'handle', '8:', 'pfifo')
    await assert.rejects(inject(network, { bandwidth: 1e6 }, target('10.77.0.2')), /pfifo 8: at its root/)
    cable.run('tc', 'qdisc', 'del', 'dev', 'v0', 'root')
  })

  test('an ingress in which somebody put a filter meanwhile stays', { skip: long }, async () => {
    const before = cable.state()
    const fault = await inject(network, { bandwidth: 1e6, direction: 'in' }, target('10.77.0.2'))
    cable.run(
      'tc',
      'filter',
      'add',
      'dev',
      'v0',
      'ingress',
      'protocol',
      'ip',
      'pref',
      '7',
      'u32',
      'match',
      'ip',
      'src',
      '1.2.3.4',
      'flowid',
      '1:1',
    )
    await fault.undo()
    const left = cable.run('tc', 'filter', 'show', 'dev', 'v0', 'ingress')
    assert.match(left, /pref 7 /)
    assert.ok(!left.includes('mirred'))
    cable.run('tc', 'qdisc', 'del', 'dev', 'v0', 'ingress')
    assert.equal(cable.state(), before)
  })
})

function serveIn(own: Cable, port: number): ReturnType<typeof spawn> {
  const script = `require('net').createServer((s) => { s.on('error', () => {}); s.end('ok') }).listen(${port})`
  return spawn('ip', ['netns', 'exec', own.there, process.execPath, '-e', script], { stdio: 'ignore' })
}

/** What a caller gets: its answer, the error's code, or timeout. */
function call(own: Cable, port: number): string {
  const script = `const s = require('net').connect(${port}, '10.77.0.2'); const say = (w) => { console.log(w); process.exit() }
s.on('data', (d) => say(String(d))); s.on('error', (e) => say(e.code)); s.on('connect', () => s.write('x')); setTimeout(say, 700, 'timeout')`
  return own.run(process.execPath, '-e', script).trim()
}
