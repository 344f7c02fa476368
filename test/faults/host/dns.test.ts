/** `dns` in namespaces of its own, with a real server (dnsmasq) and the real resolver of the C library (getent). */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { findInstalled } from '../../../scripts/lib/components.ts'
import { testInjector } from '../../../src/faults/conformance.ts'
import { dns } from '../../../src/faults/host/dns.ts'
import type { Target } from '../../../src/faults/injector.ts'
import { stressorsOf } from '../../../src/faults/stressor.ts'
import { everything } from '../../helpers/length.ts'
import { endProcess, until } from '../../helpers/processes.ts'
import { here, type Planned, planned } from './support.ts'

const missing =
  process.getuid?.() === 0
    ? ['dnsmasq', 'nft', 'nsenter', 'setpriv'].find((program) => !findInstalled(program) && !findInstalled(`/usr/sbin/${program}`))
    : 'root'
const long = everything ? false : 'long: SQUALL_TEST_ALL=1'
const right = '10.1.2.3'
const wrong = '203.0.113.1'

describe('dns', { skip: missing === undefined ? false : `needs ${missing}` }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'squall-dns-'))
  let holder: ChildProcess
  let server: ChildProcess
  let target: Target
  const inside = (...argv: string[]): string[] => ['-t', String(holder.pid), '-n', '-m', '--', ...argv]
  /** The address, or null; ms that it took. */
  const ask = (name: string): { address: string | null; ms: number } => {
    const at = performance.now()
    const { stdout } = spawnSync('nsenter', inside('getent', 'ahostsv4', name), { encoding: 'utf8' })
    return { address: stdout.split(' ')[0] || null, ms: performance.now() - at }
  }
  const state = (): string => execFileSync('nsenter', inside('nft', 'list', 'ruleset'), { encoding: 'utf8' })

  before(async () => {
    writeFileSync(join(folder, 'resolv.conf'), 'nameserver 10.9.0.53\nnameserver fd00::53\noptions timeout:2 attempts:1\n')
    holder = spawn('unshare', ['-n', '-m', 'sleep', '300'], { stdio: 'ignore' })
    await until(
      'a namespace of its own',
      () => execFileSync('readlink', [`/proc/${holder.pid}/ns/net`]).equals(execFileSync('readlink', ['/proc/self/ns/net'])) === false,
    )
    const run = (...argv: string[]): void => void execFileSync('nsenter', inside(...argv))
    run('ip', 'link', 'set', 'lo', 'up')
    for (const address of ['10.9.0.53/32', 'fd00::53/128']) run('ip', 'addr', 'add', address, 'dev', 'lo')
    run('mount', '--bind', join(folder, 'resolv.conf'), '/etc/resolv.conf')
    const options = ['--no-resolv', '--no-hosts', '--bind-interfaces', '--listen-address=10.9.0.53,fd00::53', `--address=/test/${right}`]
    server = spawn(
      'nsenter',
      inside('dnsmasq', '-k', '--user=root', `--pid-file=${join(folder, 'pid')}`, '--conf-file=/dev/null', ...options),
    )
    await until('the real server', () => ask('api.test').address === right)
    target = { ...here, facts: { narrowing: { netns: `pid:${holder.pid}` } } }
  })
  after(async () => {
    await endProcess(server)
    await endProcess(holder)
    rmSync(folder, { recursive: true })
  })
  const during = async (spec: object, body: (fault: Planned) => Promise<void> | void, lasts = 60_000): Promise<void> => {
    const before = state()
    const fault = await planned(dns, spec, { target, lasts })
    try {
      await fault.inject()
      await body(fault)
    } finally {
      await fault.rollback()
    }
    assert.equal(state(), before)
    assert.equal(ask('api.test').address, right)
  }

  test('a wrong answer for the names that are meant, the right one for others', () =>
    during({ names: ['api.*'], answer: wrong }, async ({ look }) => {
      assert.equal(ask('api.test').address, wrong)
      assert.equal(ask('other.test').address, right)
      assert.match((await look()).seen, /[1-9] packets/)
    }))
  test('no such name, at once', () =>
    during({ fail: 'nxdomain' }, () => {
      const { address, ms } = ask('api.test')
      assert.equal(address, null)
      assert.ok(ms < 1_500, `${ms} ms`)
    }))
  test('late answers are the right ones', { skip: long }, () =>
    during({ delay: 700 }, () => {
      const { address, ms } = ask('api.test')
      assert.equal(address, right)
      assert.ok(ms >= 700 && ms < 1_900, `${ms} ms`)
    }),
  )
  test('an outage is silence until the resolver gives up', { skip: long }, () =>
    during({ fail: 'drop' }, () => {
      const { address, ms } = ask('api.test')
      assert.equal(address, null)
      assert.ok(ms >= 3_800, `${ms} ms`) // Two servers, 2 s each.
    }),
  )
  test('a socket that was open before is hit, and heals at once', { skip: long }, async () => {
    // Connected before, asks each 100 ms from the same port, and says when the answer ends in .1 (ours) or .3.
    const script = `
const s = require('dgram').createSocket('udp4')
const q = Buffer.from('1234010000010000000000000361706904746573740000010001', 'hex')
s.connect(53, '10.9.0.53', () => setInterval(() => s.send(q), 100))
s.on('message', (m) => console.log(m[m.length - 1]))
s.on('error', (e) => console.log(e.code))`
    const client = spawn('nsenter', inside(process.execPath, '-e', script), { stdio: ['ignore', 'pipe', 'inherit'] })
    let said: string[] = []
    client.stdout.on('data', (chunk: Buffer) => said.push(...chunk.toString().trim().split('\n')))
    try {
      await until('right answers', () => said.at(-1) === '3')
      await during({ answer: wrong }, () => until('wrong answers', () => said.at(-1) === '1'))
      said = []
      await until('right answers again', () => said.length > 3)
      assert.deepEqual([...new Set(said)], ['3'])
    } finally {
      await endProcess(client)
    }
  })
  test('when who answers is killed, the kernel ends it within seconds', { skip: long }, () =>
    during({ answer: wrong }, async ({ mark, look }) => {
      for (const pid of stressorsOf(mark)) process.kill(pid, 'SIGKILL')
      await until('the right answer', () => ask('api.test').address === right, 8_000)
      assert.equal((await look()).active, false)
    }),
  )
  test('it is over at its deadline', { skip: long }, () =>
    during({ answer: wrong }, () => until('the right answer', () => ask('api.test').address === right, 4_000), 2_000),
  )
  test('it dies with whoever started it', { skip: long }, async () => {
    const program = `
import { dns } from ${JSON.stringify(new URL('../../../src/faults/host/dns.ts', import.meta.url).href)}
import { planned } from ${JSON.stringify(new URL('./support.ts', import.meta.url).href)}
const fault = await planned(dns, { answer: '${wrong}' }, { target: ${JSON.stringify(target)} })
await fault.inject()
console.log(fault.mark)
setInterval(() => {}, 1000)`
    const starter = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const mark = (await new Promise<string>((resolve) => starter.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())))).trim()
    assert.equal(ask('api.test').address, wrong)
    starter.kill('SIGKILL')
    await until('its end', () => stressorsOf(mark).length === 0, 1_000)
    await until('the right answer', () => ask('api.test').address === right, 8_000)
    for (const [, table] of state().matchAll(/table inet (squall_\w+)/g))
      execFileSync('nsenter', inside('nft', 'delete', 'table', 'inet', table as string))
  })
  test('without a loopback interface, and in a namespace that is not there, it is refused', async () => {
    const bare = spawn('unshare', ['-n', 'sleep', '60'], { stdio: 'ignore' })
    try {
      await until(
        'another namespace',
        () => !execFileSync('readlink', [`/proc/${bare.pid}/ns/net`]).equals(execFileSync('readlink', ['/proc/self/ns/net'])),
      )
      const at = (netns: string): Target => ({ ...here, facts: { narrowing: { netns } } })
      await assert.rejects(planned(dns, { answer: wrong }, { target: at(`pid:${bare.pid}`) }), { code: 'no-target' })
      await assert.rejects(planned(dns, { answer: wrong }, { target: at('squall-none') }), { code: 'no-target' })
    } finally {
      await endProcess(bare)
    }
  })

  const world = () =>
    Promise.resolve({
      target,
      spec: { names: ['api.test'], answer: wrong },
      isThere: () => ask('api.test').address === wrong,
      cleanUp: () => {},
    })
  describe('conformance', { skip: long }, () => {
    for (const check of testInjector(dns, { world })) test(check.name, check.run)
  })
})
