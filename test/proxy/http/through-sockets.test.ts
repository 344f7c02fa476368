/** HTTP through a real proxy: Node's own server and client, raw sockets, and Python as a peer that was written by others. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { after, suite, test } from 'node:test'
import type { HttpAct } from '../../../src/proxy/http/rule.ts'
import { type Proxy, startProxy } from '../../../src/proxy/proxy.ts'
import { monotonicMs, sleep } from '../../../src/system/clock.ts'
import { fault } from './stand.ts'

const cleanUps: (() => unknown)[] = []
after(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp()
})

interface Stand {
  proxy: Proxy
  port: number
  lines: string[]
  agent: http.Agent
  /** Requests that reached the service. */
  asked: { method: string; url: string; headers: http.IncomingHttpHeaders; bytes: number; sha: string }[]
}

async function listening(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function before(server: net.Server): Promise<{ proxy: Proxy; port: number; lines: string[] }> {
  const upstream = await listening(server)
  const lines: string[] = []
  const proxy = await startProxy({
    name: 'p',
    listen: '127.0.0.1:0',
    upstream: `127.0.0.1:${upstream}`,
    carries: 'http',
    log: (line) => lines.push(line),
  })
  cleanUps.push(() => {
    server.close()
    if (server instanceof http.Server) server.closeAllConnections()
    return proxy.stop()
  })
  return { proxy, port: Number(proxy.listen.split(':').at(-1)), lines }
}

/** A service that tells what it was asked, in the body or, for `/big`, with many bytes in chunks. */
async function stand(): Promise<Stand> {
  const asked: Stand['asked'] = []
  const server = http.createServer((request, response) => {
    const hash = createHash('sha256')
    let bytes = 0
    request.on('data', (data: Buffer) => {
      hash.update(data)
      bytes += data.length
    })
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      asked.push({ method, url, headers, bytes, sha: hash.digest('hex') })
      if (url === '/big') return void sendMany(response)
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ method, url, bytes }))
    })
  })
  const made = await before(server)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  cleanUps.push(() => agent.destroy())
  return { ...made, agent, asked }
}

const many = randomBytes(1 << 20)
function sendMany(response: http.ServerResponse): void {
  for (let from = 0; from < many.length; from += 100_000) response.write(many.subarray(from, from + 100_000))
  response.end()
}

interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
  ms: number
  reused: boolean
}

function call({ port, agent }: Stand, options: http.RequestOptions & { body?: Buffer | string } = {}): Promise<Answer> {
  const began = monotonicMs()
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', agent, ...options }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (data: Buffer) => parts.push(data))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts),
          ms: monotonicMs() - began,
          reused: request.reusedSocket,
        }),
      )
    })
    request.on('error', reject)
    request.end(options.body)
  })
}

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  )

suite('HTTP through a proxy', () => {
  test('calls with large bodies both ways, on one connection, whole', async () => {
    const at = await stand()
    const body = randomBytes(3 << 20)
    const up = await call(at, { method: 'POST', path: '/up', body })
    assert.equal(JSON.parse(up.body.toString()).bytes, body.length)
    assert.equal(at.asked[0]?.sha, createHash('sha256').update(body).digest('hex'))
    const down = await call(at, { path: '/big' })
    assert.ok(down.body.equals(many))
    assert.equal(down.reused, true)
    const chunked = await call(at, { method: 'PUT', path: '/c', headers: { 'Transfer-Encoding': 'chunked' }, body: 'hello' })
    assert.equal(JSON.parse(chunked.body.toString()).bytes, 5)
    const { http: counted, connections } = at.proxy.status()
    assert.deepEqual([counted?.started, counted?.ended, counted?.bad, counted?.notFollowed, connections.accepted], [3, 3, 0, 0, 1])
  })

  test('“100 Continue” is waited for and given', async () => {
    const at = await stand()
    const request = http.request({
      port: at.port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/e',
      headers: { Expect: '100-continue', 'Content-Length': 5 },
    })
    request.flushHeaders()
    await once(request, 'continue')
    request.end('hello')
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    response.resume()
    await once(response, 'end')
    assert.equal(at.asked[0]?.bytes, 5)
  })

  test('a WebSocket is opened and carries frames both ways', async () => {
    const server = http.createServer()
    server.on('upgrade', (request: http.IncomingMessage, socket: net.Socket) => {
      const accept = createHash('sha1')
        .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64')
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      )
      // Frames come back as they came, whatever is in them.
      socket.on('data', (data: Buffer) => socket.write(data))
      socket.on('end', () => socket.end())
      cleanUps.push(() => socket.destroy())
    })
    const { port, proxy } = await before(server)
    const socket = net.connect(port, '127.0.0.1')
    socket.write(
      'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    )
    let got = Buffer.alloc(0)
    socket.on('data', (data: Buffer) => (got = Buffer.concat([got, data])))
    await until('the upgrade', () => got.includes('\r\n\r\n'))
    assert.match(got.toString('latin1'), /s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/)
    const headLength = got.indexOf('\r\n\r\n') + 4
    // Masked text frames, as a client sends them, and some that look like HTTP.
    const frame = (text: string): Buffer => {
      const mask = randomBytes(4)
      const masked = Buffer.from(text).map((byte, at) => byte ^ (mask[at % 4] as number))
      return Buffer.concat([Buffer.from([0x81, 0x80 | text.length]), mask, masked])
    }
    const frames = Buffer.concat(['hello', 'GET / HTTP/1.1\r\n\r\n', '\0\r\n\r\n'].map(frame))
    for (const byte of frames) socket.write(Buffer.from([byte]))
    await until('the echo', () => got.length >= headLength + frames.length)
    assert.ok(got.subarray(headLength).equals(frames))
    socket.end()
    await once(socket, 'close')
    assert.deepEqual([proxy.status().http?.ended, proxy.status().http?.notFollowed], [1, 0])
  })

  test('pipelined calls are answered in order, some of them here', async () => {
    const at = await stand()
    at.proxy.put(fault([{ is: 'answer', status: 503, fields: {}, body: 'no' }], { match: { path: '/no*' } }))
    const socket = net.connect(at.port, '127.0.0.1')
    const paths = ['/1', '/no1', '/no2', '/2', '/no3', '/3']
    socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''))
    let text = ''
    socket.on('data', (data: Buffer) => (text += data.toString()))
    await until('all answers', () => text.includes('"/3"'))
    const order = [...text.matchAll(/"url":"([^"]+)"|HTTP\/1\.1 (503)/g)].map(([, url, status]) => url ?? status)
    assert.deepEqual(order, ['/1', '503', '503', '/2', '503', '/3'])
    socket.destroy()
  })

  test('what is no HTTP passes, both ways, byte by byte', async () => {
    const server = net.createServer((socket) => {
      socket.on('data', (data: Buffer) => socket.write(data))
      socket.on('end', () => socket.end())
      socket.on('error', () => {})
    })
    const { port, proxy } = await before(server)
    const socket = net.connect(port, '127.0.0.1')
    const bytes = Buffer.concat([Buffer.from('\x16\x03\x01'), randomBytes(500_000)])
    socket.write(bytes)
    socket.end()
    const parts: Buffer[] = []
    socket.on('data', (data: Buffer) => parts.push(data))
    await once(socket, 'close')
    assert.ok(Buffer.concat(parts).equals(bytes))
    assert.deepEqual([proxy.status().http?.started, proxy.status().http?.notFollowed], [0, 1])
  })
})

async function until(what: string, test: () => boolean): Promise<void> {
  for (const end = monotonicMs() + 5000; !test(); await sleep(2)) assert.ok(monotonicMs() < end, what)
}

suite('HTTP faults as callers see them', () => {
  const withFault = async (acts: HttpAct[], more: Parameters<typeof fault>[1] = {}): Promise<Stand> => {
    const at = await stand()
    at.proxy.put(fault(acts, more))
    return at
  }

  test('an answer in place of the service keeps the connection, also after a body', async () => {
    const at = await withFault([{ is: 'answer', status: 429, fields: { 'Retry-After': '3' }, body: '' }], { match: { method: ['POST'] } })
    const first = await call(at, { method: 'POST', body: randomBytes(500_000) })
    const second = await call(at, { path: '/second' })
    assert.deepEqual([first.status, first.headers['retry-after'], second.status, second.reused], [429, '3', 200, true])
    assert.equal(at.asked.length, 1)
    assert.match(at.lines.join(), /answered with 429: POST \/ \(connection 1, request 1\)/)
  })

  test('a large body is looked at whole, and one that is too large passes', async () => {
    const at = await withFault([{ is: 'answer', status: 409, fields: {}, body: '' }], { match: { body: 'needle$' } })
    const ending = (size: number): Buffer => Buffer.concat([randomBytes(size), Buffer.from('needle')])
    const [small, large] = [ending(400_000), ending(3_000_000)]
    assert.equal((await call(at, { method: 'POST', body: small })).status, 409)
    assert.equal((await call(at, { method: 'POST', body: randomBytes(400_000) })).status, 200)
    assert.equal((await call(at, { method: 'POST', body: large })).status, 200)
    assert.deepEqual(
      at.asked.map(({ bytes }) => bytes),
      [400_000, 3_000_006],
    )
  })

  test('a delay is never shorter than asked', async () => {
    const at = await withFault([{ is: 'delay', ms: 60, jitter: 0, shape: 'uniform' }])
    for (let calls = 0; calls < 3; calls++) assert.ok((await call(at)).ms >= 60)
    assert.ok((at.proxy.status().faults[0]?.achieved.delay ?? 0) >= 60)
  })

  test('a reset is a reset, and a close an end', async () => {
    assert.equal(await codeOf(call(await withFault([{ is: 'reset' }]))), 'ECONNRESET')
    const at = await withFault([{ is: 'close' }])
    const socket = net.connect(at.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    socket.resume()
    await once(socket, 'end')
    assert.equal(at.asked.length, 0)
    socket.destroy()
  })

  test('a raw socket sees the reset too', async () => {
    const at = await withFault([{ is: 'reset' }])
    const socket = net.connect(at.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ECONNRESET')
  })

  test('what hangs flows on when the fault is over; who gives up is let go', async () => {
    const at = await withFault([{ is: 'hang' }])
    const answer = call(at, { path: '/waits' })
    const given = net.connect(at.port, '127.0.0.1')
    given.write('GET /gives-up HTTP/1.1\r\nHost: x\r\n\r\n')
    await until('both to hang', () => at.proxy.status().faults[0]?.acted.requests === 2)
    given.end()
    await until('one to be let go', () => at.proxy.status().connections.open === 1)
    at.proxy.remove('run/fault')
    assert.equal((await answer).status, 200)
    assert.deepEqual(
      at.asked.map(({ url }) => url),
      ['/waits'],
    )
  })

  test('an answer is lost after the work was done', async () => {
    const at = await withFault([{ is: 'lose', by: 'reset' }])
    assert.equal(await codeOf(call(at, { method: 'POST', path: '/pay', body: 'x' })), 'ECONNRESET')
    assert.deepEqual([at.asked.length, at.asked[0]?.bytes], [1, 1])
  })

  test('damage is noticed by those who must', async () => {
    assert.equal(await codeOf(call(await withFault([{ is: 'damage', how: 'cut', keep: 0.5 }]))), 'ECONNRESET')
    assert.match(await codeOf(call(await withFault([{ is: 'damage', how: 'chunk', keep: 0.5 }]))), /HPE_INVALID_CHUNK_SIZE/)
    for (const how of ['truncate', 'json'] as const) {
      const at = await withFault([{ is: 'damage', how, keep: 0.5 }])
      const { status, body } = await call(at)
      assert.equal(status, 200)
      assert.throws(() => JSON.parse(body.toString()), how)
      assert.equal((await call(at)).reused, true)
    }
  })

  test('a connection that the service gave up while its request was held is made anew', async () => {
    const server = net.createServer((socket) => {
      // Answers one request, then ends a connection that stays idle for 50 ms.
      let idle: NodeJS.Timeout | undefined
      socket.on('data', () => {
        clearTimeout(idle)
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        idle = setTimeout(() => socket.end(), 50)
      })
      socket.on('error', () => {})
    })
    const { port, proxy } = await before(server)
    proxy.put(fault([{ is: 'delay', ms: 300, jitter: 0, shape: 'uniform' }], { when: { skip: 1 } }))
    const socket = net.connect(port, '127.0.0.1')
    let text = ''
    socket.on('data', (data: Buffer) => (text += data.toString()))
    for (const answers of [1, 2]) {
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      await until(`answer ${answers}`, () => text.split('200 OK').length === answers + 1)
    }
    socket.destroy()
  })

  test('Python’s client agrees', async () => {
    const at = await withFault([{ is: 'damage', how: 'cut', keep: 0.5 }], { match: { path: '/cut' } })
    at.proxy.put(
      fault([{ is: 'answer', status: 503, fields: { 'Retry-After': '9' }, body: '{"a":1}' }], { id: 'run/b', match: { path: '/no' } }),
    )
    at.proxy.put(fault([{ is: 'damage', how: 'too-long', keep: 0.5 }], { id: 'run/c', match: { path: '/long' } }))
    const script = `
import http.client, json, socket
c = http.client.HTTPConnection('127.0.0.1', ${at.port}, timeout=1)
def ask(path, body=None):
    c.request('POST' if body else 'GET', path, body=body)
    r = c.getresponse()
    return r.status, r.read()
out = []
out.append(ask('/plain', b'x' * 300000)[0])
out.append(ask('/no', b'x' * 300000)[0])
out.append(ask('/plain')[0])
for path in ('/cut', '/long'):
    try: out.append(ask(path)[0])
    except Exception as e: out.append(type(e).__name__)
    c.close()
print(json.dumps(out))
`
    const python = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    python.stdout.on('data', (data: Buffer) => (out += data.toString()))
    await once(python, 'close')
    assert.deepEqual(JSON.parse(out), [200, 503, 200, 'IncompleteRead', 'TimeoutError'])
  })
})
