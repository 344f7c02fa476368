/** No byte is lost, doubled or put elsewhere while faults come and go. The judges are Python and know nothing of Squall. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, connect as dial, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { monotonicMs } from '../../../src/system/clock.ts'
import { randomSeed, seededRandom } from '../../../src/system/random.ts'
import { everything } from '../../helpers/length.ts'
import { churn, harmlessOrTouching } from './random-faults.ts'
import { type ProxyProcess, startPeers, startProxyProcess, type Talking } from './start.ts'

const rounds = everything ? 100 : 4

interface Judged {
  wrong: string[]
  bytes: number
}

async function withPeers(work: (peers: Talking, upstream: string) => Promise<void>, ...args: string[]): Promise<void> {
  const peers = startPeers('numbered_chunks.py', ...args)
  try {
    await work(peers, `127.0.0.1:${await peers.next()}`)
  } finally {
    await peers.end()
  }
}

/** As Python takes it. */
function address(listen: string): [string, number] | string {
  if (listen.startsWith('/')) return listen
  const [host = '', port = ''] = listen.split(':')
  return [host, Number(port)]
}

/** Faults come and go for a while, at most until all is said; what still stands then must flow on. */
async function round(proxy: ProxyProcess, peers: Talking, http: boolean, seed: number): Promise<Judged & { changes: number }> {
  const random = seededRandom(seed)
  let judged: Judged | null = null
  const judging = peers.ask({ through: address(proxy.listen), connections: 2, http, seed }).then((answer) => (judged = answer as Judged))
  const end = monotonicMs() + 250 + random() * 200
  const changes = await churn(proxy, random, () => judged !== null || monotonicMs() > end)
  return { ...(await judging), changes }
}

suite('the proxy keeps what passes whole', () => {
  for (const carries of ['bytes', 'http'] as const) {
    test(`65,535 numbered chunks each way arrive, ${rounds / 2} times, through a proxy of ${carries}`, { timeout: 240_000 }, () =>
      withPeers(async (peers, upstream) => {
        const proxy = await startProxyProcess(upstream, carries)
        try {
          let changes = 0
          for (let left = rounds / 2; left > 0; left--) {
            const seed = randomSeed()
            const judged = await round(proxy, peers, carries === 'http' && left % 2 === 0, seed)
            assert.deepEqual(judged.wrong, [], `seed ${seed}`)
            changes += judged.changes
          }
          assert.ok(changes > rounds * 5, `only ${changes} changes of faults`)
          const { faults, connections } = await proxy.status()
          const accepted = carries === 'http' ? rounds * 0.75 : rounds
          assert.deepEqual([faults, connections.open, connections.accepted], [[], 0, accepted])
        } finally {
          await proxy.end()
        }
      }),
    )
  }

  test('so do they through a Unix socket', () =>
    withPeers(async (peers, upstream) => {
      const folder = mkdtempSync(join(tmpdir(), 'squall-whole-'))
      const proxy = await startProxyProcess(upstream, 'bytes', join(folder, 'socket'))
      try {
        const seed = randomSeed()
        assert.deepEqual((await round(proxy, peers, false, seed)).wrong, [], `seed ${seed}`)
      } finally {
        await proxy.end()
        rmSync(folder, { recursive: true, force: true })
      }
    }))

  test('so do millions of bytes, as fast as they go', () =>
    withPeers(
      async (peers, upstream) => {
        const proxy = await startProxyProcess(upstream)
        try {
          for (let left = everything ? 10 : 1; left > 0; left--) {
            const seed = randomSeed()
            assert.deepEqual((await round(proxy, peers, false, seed)).wrong, [], `seed ${seed}`)
          }
        } finally {
          await proxy.end()
        }
      },
      everything ? '1500000' : '400000',
      'bulk',
    ))

  const quarter = everything ? 25 : 2
  test(`calls are answered exactly and in their turn, ${quarter} times, while faults act on others of the same connections`, {
    timeout: 240_000,
  }, async (t) => {
    const peers = startPeers('http_calls.py')
    const proxy = await startProxyProcess(`127.0.0.1:${await peers.next()}`, 'http')
    const sum = { calls: 0, touched: 0, changes: 0 }
    try {
      for (let left = quarter; left > 0; left--) {
        const seed = randomSeed()
        let over = false
        const judging = peers.ask({ through: address(proxy.listen), connections: 4, seed }).finally(() => (over = true))
        sum.changes += await churn(proxy, seededRandom(seed), () => over, harmlessOrTouching)
        const judged = (await judging) as { wrong: string[]; calls: number; touched: number }
        assert.deepEqual(judged.wrong, [], `seed ${seed}`)
        sum.calls += judged.calls
        sum.touched += judged.touched
      }
      t.diagnostic(JSON.stringify(sum))
      if (everything) assert.ok(sum.touched > 0, 'no fault has acted')
    } finally {
      await proxy.end()
      await peers.end()
    }
  })

  const harms: Record<string, (data: Buffer) => Buffer> = {
    'a lost byte': (data) => data.subarray(1),
    'a doubled piece': (data) => Buffer.concat([data, data]),
    'two bytes that changed places': (data) => Buffer.concat([data.subarray(1), data.subarray(0, 1)]),
  }
  for (const [harm, apply] of Object.entries(harms)) {
    test(`the judges see ${harm}`, () =>
      withPeers(async (peers, upstream) => {
        const relay = await harmfulRelay(upstream, apply)
        try {
          const judged = (await peers.ask({ through: ['127.0.0.1', relay.port], connections: 1, seed: 1 })) as Judged
          assert.ok(judged.wrong.length > 0)
        } finally {
          relay.close()
        }
      }))
  }
})

/** Harms the third piece from the caller to the service. */
async function harmfulRelay(upstream: string, harm: (data: Buffer) => Buffer): Promise<{ port: number; close(): void }> {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (caller) => {
    const [host, port] = upstream.split(':')
    const service = dial({ host, port: Number(port), allowHalfOpen: true })
    let pieces = 0
    sockets.push(caller, service)
    for (const socket of [caller, service]) socket.on('error', () => {})
    service.pipe(caller)
    caller.on('data', (data: Buffer) => service.write(++pieces === 3 ? harm(data) : data))
    caller.on('end', () => service.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): void => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { port: (server.address() as { port: number }).port, close }
}
