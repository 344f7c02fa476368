/** Whatever is sent to the API of `squall proxy`, also while an upstream hangs: it lives, it answers, its state holds together, and connections flow on. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { everything } from '../../helpers/length.ts'
import { type Blackhole, blackhole } from './blackhole.ts'
import { call } from './call.ts'
import { type End, openStand, soon } from './flow.ts'
import { anyRequest, type Request, seeded } from './fuzz-requests.ts'
import { type Subject, startSubject } from './subject.ts'

const seed = Number(process.env.SQUALL_FUZZ_SEED ?? Date.now() % 2 ** 31)
const budget = everything ? { requests: 60_000, ms: 25_000 } : { requests: 5_000, ms: 3_000 }
/** In the server, in place of the resolver: nothing is asked of the network, and some names are never answered for. */
const resolver = `
import promises from 'node:dns/promises'
import { syncBuiltinESMExports } from 'node:module'
promises.lookup = (name) => name.startsWith('slow') ? new Promise(() => {}) : Promise.reject(Object.assign(new Error(name), { code: 'ENOTFOUND' }))
syncBuiltinESMExports()
`
const preload = `--import=data:text/javascript,${encodeURIComponent(resolver)}`
/** ms. A call is answered within a second; the other second is for a busy machine. */
const longest = 2_000

/** Sends it, says that nothing more will come, and gives back what comes until the other side ends. */
function put(port: number, { bytes }: Request): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = ''
    const socket = connect({ port, host: '127.0.0.1' })
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`seed ${seed}: not answered within ${longest} ms: ${JSON.stringify(bytes.toString('latin1').slice(0, 500))}`))
    }, longest)
    socket.on('data', (data) => (got += data.toString('latin1')))
    // A server may reset when it has answered and does not want the rest.
    socket.on('error', () => {})
    socket.once('close', () => {
      clearTimeout(timer)
      resolve(got)
    })
    socket.end(bytes)
  })
}

describe(`requests by chance, seed ${seed}`, () => {
  let subject: Subject
  let hole: Blackhole
  let stand: Awaited<ReturnType<typeof openStand>>
  let pair: { caller: End; service: End }
  let slowest = 0
  let count = 0

  before(async () => {
    subject = await startSubject('squall', [], { LOG_LEVEL: 'error', NODE_OPTIONS: preload })
    hole = await blackhole()
    stand = await openStand(subject, 'live')
    pair = await stand.pair()
    await hang()
  })
  after(async () => {
    await stand.close()
    await subject.end()
    hole.close()
  })

  /** A proxy whose upstream does not answer, and somebody who waits for it. */
  async function hang(): Promise<void> {
    await call(subject.port, 'POST /populate', { body: JSON.stringify([{ name: 'hang', listen: '127.0.0.1:0', upstream: hole.address }]) })
    const { body } = await call(subject.port, 'GET /proxies/hang')
    const port = Number(/"listen":"127\.0\.0\.1:(\d+)"/.exec(body)?.[1] ?? 0)
    if (port > 0)
      connect({ port, host: '127.0.0.1' })
        .on('error', () => {})
        .unref()
  }

  async function one(request: Request): Promise<void> {
    const started = performance.now()
    const answer = await put(subject.port, request)
    slowest = Math.max(slowest, performance.now() - started)
    if (!request.sound) return
    const shown = JSON.stringify(request.bytes.toString('utf8').slice(0, 500))
    assert.match(
      answer,
      /^HTTP\/1\.1 (200|201|204|301|40[03459]|413|431|500|503) /,
      `seed ${seed}: ${shown} → ${JSON.stringify(answer.slice(0, 300))}`,
    )
  }

  /** The list is what its parts say, and nothing in it is what nobody could have asked for. */
  async function consistent(): Promise<void> {
    const { status, body } = await call(subject.port, 'GET /proxies')
    assert.equal(status, 200)
    const list = JSON.parse(body) as Record<string, { name: string; enabled: boolean; toxics: { name: string; toxicity: number }[] }>
    for (const [name, proxy] of Object.entries(list)) {
      assert.equal(proxy.name, name)
      assert.equal(new Set(proxy.toxics.map((toxic) => toxic.name)).size, proxy.toxics.length, `seed ${seed}: names of ${body}`)
      if (name.includes('/') || ['.', '..'].includes(name)) continue
      const alone = await call(subject.port, `GET /proxies/${encodeURIComponent(name)}`)
      assert.deepEqual(JSON.parse(alone.body), proxy, `seed ${seed}`)
    }
    const before = pair.caller.got().length
    pair.service.send('still here')
    assert.equal(await soon(() => pair.caller.got().length === before + 10, longest), 'yes', `seed ${seed}: the connection flows on`)
  }

  test(`up to ${budget.requests} of them`, async () => {
    const random = seeded(seed)
    const end = performance.now() + budget.ms
    while (count < budget.requests && performance.now() < end) {
      const lane = async (): Promise<void> => {
        for (let at = 0; at < 25; at++) await one(anyRequest(random))
      }
      await Promise.all(Array.from({ length: 8 }, lane))
      count += 200
      assert.equal(subject.ended(), null, `seed ${seed}: it has ended: ${subject.said().stderr}`)
      await consistent()
      await hang()
    }
    assert.ok(count >= 200)
  })

  test('no defect was met on the way', () => {
    const { stdout, stderr } = subject.said()
    assert.doesNotMatch(stdout + stderr, /defect|"level":"(?:fatal|panic)"/, `seed ${seed}`)
  })

  test('its memory has not grown with them', (t) => {
    const megabytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${subject.pid}/status`, 'utf8'))?.[1]) / 1024
    t.diagnostic(`${megabytes.toFixed(0)} MB`)
    assert.ok(megabytes < 512, `${megabytes} MB`)
  })

  test('and it ends when it is told to', async (t) => {
    t.diagnostic(`${count} requests, the slowest answered after ${slowest.toFixed(0)} ms`)
    assert.equal(await subject.end('SIGTERM'), 0)
  })
})
