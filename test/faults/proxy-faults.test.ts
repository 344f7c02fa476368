/** Faults at a proxy of ours, in a process of its own: the suite that all injectors go through, and what callers see. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProxySpec } from '../../src/document/experiment.ts'
import { type ConformanceOptions, testInjector } from '../../src/faults/conformance.ts'
import type { AnyInjector, Context, Json, Target } from '../../src/faults/injector.ts'
import { network } from '../../src/faults/proxy/network.ts'
import { partition } from '../../src/faults/proxy/partition.ts'
import { proxySocket } from '../../src/proxy/life/place.ts'
import { until } from '../helpers/processes.ts'
import { dial, echo, isAlive, proxyStage, type Stage } from '../proxy/life/support.ts'

let stage: Stage
before(async () => {
  stage = await proxyStage()
})
after(() => stage.end())

let running: { pid: number; listen: string } | null = null

/** One that runs: the last one, unless it was ended. */
async function ourProxy(): Promise<{ pid: number; listen: string }> {
  if (running && isAlive(running.pid)) return running
  const task = await stage.task()
  const { lease } = await stage.open(task)
  lease.close()
  running = { pid: lease.hello.pid, listen: task.listen }
  await echo(task.listen) // The first one takes longer.
  return running
}

function targetAt(listen: string): Target {
  const proxy: ProxySpec = { name: 'payments', carries: 'bytes', listen, upstream: stage.upstream }
  const facts = { proxy: { ...proxy }, socket: proxySocket(listen, stage.state), narrowing: {} }
  return { place: 'proxy', id: listen, name: 'the proxy payments', facts }
}

/** ms until an echo comes back; what is needed more than this long counts as no answer. */
async function answersWithin(listen: string, limit: number): Promise<number> {
  const took = await Promise.race([echo(listen).catch(() => Number.POSITIVE_INFINITY), sleep(limit, Number.POSITIVE_INFINITY)])
  return took
}

/** A busy machine is slow now and then: once quick is enough to know that nothing delays it. */
async function isSlow(listen: string, ms: number): Promise<boolean> {
  for (let tries = 0; tries < 4; tries++) if ((await answersWithin(listen, 2_000)) <= ms) return false
  return true
}

function suite(
  name: string,
  injector: AnyInjector,
  spec: unknown,
  isThere: (listen: string) => Promise<boolean>,
  doses: object[] = [],
): void {
  const options: ConformanceOptions = {
    async world() {
      const { pid, listen } = await ourProxy()
      return {
        ...{ target: targetAt(listen), spec, doses: doses as Record<string, number>[], isThere: () => isThere(listen) },
        async destroy() {
          process.kill(pid, 'SIGKILL')
          await until('the proxy to be gone', () => !isAlive(pid))
        },
        cleanUp: () => {},
      }
    },
  }
  describe(name, () => {
    for (const check of testInjector(injector, options)) test(check.name, check.run)
  })
}

suite('network', network, { delay: 120, bandwidth: 1e9 }, (listen) => isSlow(listen, 60), [
  { delay: 240, bandwidth: 1e9 },
  { delay: 100, bandwidth: 1e8 },
])
suite('partition', partition, {}, async (listen) => (await answersWithin(listen, 250)) === Number.POSITIVE_INFINITY)

/** The fault, injected, and what takes it away. */
async function inject(injector: AnyInjector, spec: unknown, listen: string) {
  let saved: Json = null
  const context = {
    ...{ mark: `r1/${injector.type}`, deadline: new Date(Date.now() + 60_000), signal: new AbortController().signal, folder: '/' },
    ...{ log: () => {}, secret: () => Promise.reject(new Error('none')), random: () => 0.5 },
    save: async (state: Json) => void (saved = state),
  } as Context<Json>
  const change = await injector.plan(spec, targetAt(listen), context)
  saved = change.state as Json
  await injector.inject(saved, context)
  await until('the fault to be seen', async () => (await injector.look(saved, context)).active)
  return {
    change,
    look: () => injector.look(saved, context),
    async end() {
      await injector.rollback(saved, context)
      await until('the fault to be gone', async () => !(await injector.look(saved, context)).active)
    },
  }
}

interface Caller {
  /** What it meets when it says something: an answer, how its connection has ended, or silence. */
  meets(): Promise<string>
  hangUp(): void
}

async function caller(listen: string): Promise<Caller> {
  const socket = await dial(listen)
  let ended = ''
  let answers = 0
  socket.on('data', () => void answers++)
  socket.once('error', (error: NodeJS.ErrnoException) => (ended ||= error.code ?? 'an error'))
  socket.once('end', () => (ended ||= 'an end'))
  const within = async (limit: number, happened: () => boolean): Promise<boolean> => {
    for (let waited = 0; waited < limit && !happened(); waited += 5) await sleep(5)
    return happened()
  }
  return {
    async meets() {
      const before = answers
      if (await within(50, () => ended !== '')) return ended
      socket.write('x')
      if (!(await within(300, () => ended !== '' || answers > before))) return 'silence'
      return ended || 'an answer'
    },
    hangUp: () => socket.destroy(),
  }
}

async function newOneMeets(listen: string): Promise<string> {
  const dialling = caller(listen).then(
    async ({ meets, hangUp }) => meets().finally(hangUp),
    (error: NodeJS.ErrnoException) => error.code ?? 'an error',
  )
  return Promise.race([dialling, sleep(600, 'no connection')])
}

const kinds: [how: string, live: string, fresh: string][] = [
  ['drop', 'silence', 'no connection'],
  ['reset', 'ECONNRESET', 'ECONNRESET'],
  ['refuse', 'an end', 'ECONNREFUSED'],
  ['hang', 'an answer', 'no connection'],
  ['stall', 'silence', 'silence'],
  ['close', 'an end', 'an end'],
]
for (const [how, live, fresh] of kinds)
  test(`a partition by ${how}: a live connection meets ${live}, a new one ${fresh}, and afterwards all is well`, async () => {
    const { listen } = await ourProxy()
    const liveOne = await caller(listen)
    assert.equal(await liveOne.meets(), 'an answer')
    const fault = await inject(partition, { how }, listen)
    const met = [await liveOne.meets(), await newOneMeets(listen)]
    const { active } = await fault.look()
    await fault.end()
    assert.deepEqual([...met, active], [live, fresh, true])
    await until('the answer of a new one', async () => (await newOneMeets(listen)) === 'an answer')
    if (live === 'silence' || live === 'an answer') assert.equal(await liveOne.meets(), 'an answer')
    liveOne.hangUp()
  })

test('a network fault says how strong it was, on what', async () => {
  const { listen } = await ourProxy()
  const fault = await inject(network, { delay: 50, direction: 'both' }, listen)
  assert.match((await fault.look()).seen, /^out: delay [^;]+; in: delay [^;]+$/)
  const took = await echo(listen)
  assert.ok(took >= 100, `${took}`)
  const { seen, dose } = await fault.look()
  assert.ok(dose?.delay !== undefined && dose.delay >= 50 && dose.delay < 100, JSON.stringify(dose))
  assert.match(seen, /^out: \S+ ms late on \d+ connections?; in: \S+ ms late on \d+ connections?$/)
  await fault.end()
})

test('a cut ends the connection after exactly so many bytes', async () => {
  const { listen } = await ourProxy()
  const fault = await inject(network, { cut: 10, cut_by: 'close' }, listen)
  const socket = await dial(listen)
  let came = ''
  socket.on('data', (data) => {
    came += data
  })
  const ended = new Promise((resolve) => socket.once('close', resolve))
  socket.write('0123456789abcdef')
  await ended
  assert.ok('0123456789'.startsWith(came), came)
  await fault.end()
})

test('a proxy that was started anew has nothing of the fault, and that is an error', async () => {
  const { pid, listen } = await ourProxy()
  const fault = await inject(network, { delay: 100 }, listen)
  process.kill(pid, 'SIGKILL')
  await until('the proxy to be gone', () => !isAlive(pid))
  assert.match((await fault.look()).died ?? '', /the proxy payments has ended/)
  const { lease } = await stage.open(await stage.task({ listen }))
  lease.close()
  assert.match((await fault.look()).died ?? '', /was started again/)
  await fault.end()
})

test('what is planned says what will happen, and when it ends by itself', async () => {
  const { listen } = await ourProxy()
  const { change, end } = await inject(network, { delay: 500, jitter: 100, bandwidth: 128_000, share: 0.1, direction: 'in' }, listen)
  assert.equal(
    change.does,
    'at the proxy payments, delay by 500 ms ± 100 ms, let 128kbit through: what comes back, on 10% of the connections',
  )
  assert.equal(change.lock, `proxy:${listen}:network`)
  assert.match(change.expires ?? '', /^at once, and at the latest after \d+ s$/)
  await end()
})
