import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { openLog } from '../../../src/proxy/toxiproxy/log.ts'
import { type ServerOptions, startToxiproxyServer, type ToxiproxyServer } from '../../../src/proxy/toxiproxy/server.ts'
import { freePort } from '../../helpers/free-port.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-proxy-'))
const running: ToxiproxyServer[] = []
after(async () => {
  await Promise.all(running.map((server) => server.stop()))
  rmSync(folder, { recursive: true })
})

interface Served extends ToxiproxyServer {
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<{ status: number; text: string }>
  said: string[]
}

async function serve(options: Partial<ServerOptions> = {}): Promise<Served> {
  const said: string[] = []
  const server = await startToxiproxyServer({ host: '127.0.0.1', port: 0, log: { write: (line) => void said.push(line) }, ...options })
  running.push(server)
  return {
    ...server,
    said,
    async ask(method, path, body, headers = {}) {
      const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers, ...sent })
      return { status: response.status, text: await response.text() }
    },
  }
}

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

suite('proxies from files', () => {
  test('the toxics of a config file count', async () => {
    const config = file('toxics.json', [
      { name: 'a', listen: '127.0.0.1:0', upstream: 'up:1', toxics: [{ type: 'latency', attributes: { latency: 5 } }] },
      { name: 'b', listen: 'localhost:0', upstream: 'up:1', enabled: false },
    ])
    const { ask } = await serve({ config })
    assert.equal(
      (await ask('GET', '/proxies/a/toxics')).text,
      '[{"attributes":{"latency":5,"jitter":0},"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":1}]',
    )
    assert.match((await ask('GET', '/proxies/b')).text, /"enabled":false/)
  })

  test('a config file with a mistake is refused before anything starts, and the place is named', async () => {
    const wrong: [unknown, RegExp][] = [
      ['{', /unexpected EOF/],
      [[{ name: 'a' }], /missing required field: upstream at proxy 1/],
      [[{ name: 'a', upstream: 'u:1', toxics: [{ type: 'noop' }, { type: 'nope' }] }], /proxy a, toxic 2: invalid toxic type/],
      [[{ name: 'a', upstream: 'u:1', toxics: 5 }], /proxy a: toxics must be a list/],
      [[{ name: 'a', upstream: 'u:1', listen: 'junk' }], /listen tcp: address junk: missing port in address/],
    ]
    for (const [content, message] of wrong) {
      const config = file('wrong.json', content)
      await assert.rejects(serve({ config }), { code: 'proxy-config', message }, JSON.stringify(content))
    }
    await assert.rejects(serve({ config: join(folder, 'nowhere.json') }), { code: 'file-not-readable' })
  })

  test('what was made is there again after a restart, at the same address', async () => {
    const state = join(folder, 'state.json')
    const first = await serve({ state })
    const made = await first.ask('POST', '/proxies', { name: 'a', listen: '127.0.0.1:0', upstream: 'up:1' })
    await first.ask('POST', '/proxies', { name: 'b', listen: 'localhost:0', upstream: 'up:1', enabled: false })
    await first.ask('POST', '/proxies/a/toxics', { type: 'timeout', stream: 'upstream', toxicity: 0.25 })
    await first.ask('POST', '/proxies', { name: 'c', listen: '127.0.0.1:0', upstream: 'up:1' })
    await first.ask('DELETE', '/proxies/c')
    const before = await first.ask('GET', '/proxies')
    await first.stop()
    const second = await serve({ state })
    assert.deepEqual(await second.ask('GET', '/proxies'), before)
    const { port } = new URL(`http://${(JSON.parse(made.text) as { listen: string }).listen}`)
    const socket = connect(Number(port), '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
  })

  test('of two files the state is put first, and a config that says the same leaves its toxics alone', async () => {
    const state = join(folder, 'both.json')
    const port = await freePort()
    const config = file('both-config.json', [{ name: 'a', listen: `127.0.0.1:${port}`, upstream: 'up:1', toxics: [{ type: 'noop' }] }])
    const first = await serve({ state, config })
    await first.ask('POST', '/proxies/a/toxics', { type: 'latency' })
    await first.ask('DELETE', '/proxies/a/toxics/noop_downstream')
    await first.stop()
    const second = await serve({ state, config })
    assert.match((await second.ask('GET', '/proxies/a')).text, /"toxics":\[\{[^}]*\},"name":"latency_downstream"/)
  })

  test('a proxy of the state whose address is taken now is kept, stopped, and told', async () => {
    const state = join(folder, 'taken.json')
    const first = await serve({ state })
    const made = await first.ask('POST', '/proxies', { name: 'a', listen: '127.0.0.1:0', upstream: 'up:1' })
    await first.stop()
    const { listen } = JSON.parse(made.text) as { listen: string }
    const taker = createServer().listen(Number(listen.split(':')[1]), '127.0.0.1')
    await once(taker, 'listening')
    const second = await serve({ state })
    taker.close()
    assert.match((await second.ask('GET', '/proxies/a')).text, /"enabled":false/)
    assert.match(second.said.join(''), /address already in use.*does not start/)
  })
})

suite('every call is answered', () => {
  test('within a second, while a listener does not come up; what it asked for goes on', async () => {
    let go = (): void => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    const { startProxy } = await import('../../../src/proxy/proxy.ts')
    const { ask } = await serve({ start: (options) => gate.then(() => startProxy(options)) })
    const slow = ask('POST', '/proxies', { name: 'slow', listen: '127.0.0.1:0', upstream: 'up:1' })
    assert.equal((await ask('GET', '/proxies')).text, '{}')
    assert.deepEqual(await slow, { status: 503, text: '{"error":"not done within a second; it goes on","status":503}\n' })
    const deleted = ask('DELETE', '/proxies/slow')
    go()
    assert.equal((await deleted).status, 204)
  })

  test('with 413 when its body is too long, with or without a length', async () => {
    const { ask, port } = await serve()
    assert.equal((await ask('POST', '/proxies', ' '.repeat(1024 * 1024 + 1))).status, 413)
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('POST /proxies HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n')
    const piece = `10000\r\n${' '.repeat(0x10000)}\r\n`
    for (let sent = 0; sent < 20; sent++) socket.write(piece)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.match(answer.toString(), /^HTTP\/1.1 413 /)
    socket.destroy()
    assert.equal((await ask('GET', '/version')).status, 200)
  })

  test('by name or not at all', async () => {
    const { ask } = await serve()
    assert.equal((await ask('GET', '/version', undefined, { origin: 'http://evil.example' })).status, 403)
    assert.match((await ask('GET', '/nope', undefined, { origin: 'null' })).text, /calls from web pages are not allowed/)
  })
})

suite('the log', () => {
  const levels: [string | undefined, RegExp][] = [
    [undefined, /"level":"debug"/],
    ['INFO', /"Started proxy"/],
    ['nonsense', /unknown LOG_LEVEL value: \\"nonsense\\".*"level":"debug"/s],
  ]
  for (const [logLevel, expected] of levels) {
    test(`at ${logLevel ?? 'no level'}`, async () => {
      const { ask, said } = await serve({ logLevel })
      await ask('POST', '/proxies', { name: 'a', listen: '127.0.0.1:0', upstream: 'up:1' })
      assert.match(said.join(''), expected)
      for (const line of said) assert.deepEqual(Object.keys(JSON.parse(line) as object)[0], 'level')
      if (logLevel === 'INFO') assert.doesNotMatch(said.join(''), /"level":"debug"/)
    })
  }

  test('lines that nobody takes are counted, not kept', () => {
    const said: string[] = []
    let full = true
    const log = openLog({ write: (line) => void said.push(line), full: () => full }, undefined)
    log('info', 'first')
    log('info', 'second')
    full = false
    log('info', 'third')
    assert.deepEqual(
      said.map((line) => (JSON.parse(line) as { lines?: number; message: string }).lines),
      [2, undefined],
    )
    assert.match(said[1] ?? '', /third/)
  })

  test('nothing at error, as long as nothing is wrong', async () => {
    const { said, ask } = await serve({ logLevel: 'error' })
    await ask('POST', '/proxies', 'junk')
    assert.deepEqual(said, [])
  })
})
