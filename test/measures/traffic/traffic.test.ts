import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { load, reasons, serve, start, sum } from './support.ts'

/** Every planned request is accounted for exactly once, in seconds and in ticks. */
function assertAccounted(run: Awaited<ReturnType<typeof start>>): void {
  for (const second of run.seconds) {
    assert.equal(second.planned, second.ok + second.error + second.timeout + second.notSent, `second ${second.t}`)
    assert.equal(second.latencies.length, second.ok + second.error + second.timeout, `latencies of second ${second.t}`)
  }
  assert.equal(new Set(run.seconds.map((second) => second.t)).size, run.seconds.length, 'no second is reported twice')
  for (const key of ['planned', 'ok', 'error', 'timeout', 'notSent'] as const)
    assert.equal(sum(run.ticks, key), sum(run.seconds, key), `${key} in ticks and seconds`)
  assert.equal(run.ticks.at(-1)?.inFlight, 0)
  assert.deepEqual(run.errors, [])
}

/** A starved machine may not get to send all: that is for `notSent` to say, not for these stories. */
function sent({ seconds }: Awaited<ReturnType<typeof start>>): number {
  return sum(seconds, 'planned') - sum(seconds, 'notSent')
}

describe('the load', { concurrency: 6 }, () => {
  it('keeps its rate, names itself, and accounts for every request', async (t) => {
    const seen = new Set<string>()
    const { url } = await serve(t, (request, response) => {
      seen.add(
        `${request.method} ${request.url} ${request.headers['user-agent']} ${request.headers['x-squall-run']} ${request.headers.authorization}`,
      )
      response.end('fine')
    })
    const traffic = load(`${url}a?b=1`, { rate: 100 })
    traffic.requests[0]!.headers.Authorization = 'Bearer ${secret:TOKEN}'
    const run = await start(t, traffic, { secret: async (name) => `value of ${name}` })
    await run.until(() => run.seconds.filter((second) => second.planned === 100).length >= 2)
    await run.handle.stop()
    assertAccounted(run)
    assert.deepEqual([...seen], ['GET /a?b=1 squall/1.2.3 test-run Bearer value of TOKEN'])
    assert.equal(sum(run.seconds, 'ok'), sent(run))
    assert.equal(run.handle.open(), 0)
    assert.deepEqual(
      run.seconds.map((second) => second.t),
      run.seconds.map((_, i) => i),
      'one record for each second since the run began',
    )
  })

  it('writes secrets into addresses, headers and bodies as each of them needs it', async (t) => {
    const seen = new Set<string>()
    const { url } = await serve(t, async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      seen.add(`${request.url} ${request.headers.authorization ?? ''} ${body}`)
      response.end('fine')
    })
    const secret = 'a"b c&d'
    const post = (name: string, headers: Record<string, string>, body: string) => ({ name, url, method: 'POST', headers, body, weight: 1 })
    const requests = [
      { ...post('address', {}, ''), url: `${url}v1?key=\${secret:KEY}&x=1` },
      post('header', { authorization: 'Basic ${secret:KEY}' }, ''),
      post('json', { 'Content-Type': 'application/json' }, '{"key":"${secret:KEY}"}'),
      post('form', { 'content-type': 'application/x-www-form-urlencoded' }, 'key=${secret:KEY}'),
      post('text', {}, 'key ${secret:KEY}'),
    ]
    const run = await start(t, load(url, { requests }), { secret: async () => secret })
    await run.until(() => seen.size === 5)
    await run.handle.stop()
    assert.deepEqual(
      [...seen].sort(),
      ['/  key a"b c&d', '/  key=a%22b%20c%26d', '/  {"key":"a\\"b c&d"}', '/ Basic a"b c&d ', '/v1?key=a%22b%20c%26d&x=1  '].sort(),
    )
  })

  it('reports the ids that good answers acknowledge, each once', async (t) => {
    let given = 0
    const { url } = await serve(t, (_, response) => {
      const id = ++given
      if (id % 4 === 0) response.writeHead(500).end(`{"order":{"id":${id}}}`)
      else if (id % 4 === 1) response.end('taken')
      else response.end(`{"order":{"id":${id % 2 ? `"${id}"` : id}}}`)
    })
    const ids: string[] = []
    const run = await start(t, load(url, { ids: 'order.id' }), { onAcknowledged: (more) => void ids.push(...more) })
    await run.until(() => run.seconds.length >= 2)
    await run.handle.stop()
    const wanted = Array.from({ length: given }, (_, i) => i + 1).filter((id) => id % 4 > 1)
    assert.deepEqual(
      ids.map(Number).sort((a, b) => a - b),
      wanted,
    )
  })

  it('refuses ids that are no path before anything is sent', async (t) => {
    const { url } = await serve(t, () => assert.fail('was asked'))
    await assert.rejects(start(t, load(url, { ids: 'order..id' })), /“order\.\.id” in ids is no field path/)
  })

  it('tells good answers by status and body, and does not follow redirects', async (t) => {
    let asked = 0
    const { url } = await serve(t, (request, response) => {
      asked++
      if (request.url === '/moved') response.writeHead(302, { location: '/elsewhere' }).end()
      else if (request.url === '/limited') response.writeHead(429).end()
      else if (request.url === '/wrong') response.end('{"ok": false}')
      else response.end('{"ok": true}')
    })
    const mix = ['good', 'wrong', 'limited', 'moved'].map((name) => ({
      name,
      url: url + name,
      method: 'GET',
      headers: {},
      body: null,
      weight: 1,
    }))
    const run = await start(t, load(url, { requests: mix, ok: { status: ['2xx', 429], body: '"ok": true' } }))
    await run.until(() => sum(run.ticks, 'ended') > 60)
    await run.handle.stop()
    assertAccounted(run)
    const why = reasons(run.seconds)
    assert.deepEqual(
      Object.keys(why).sort(),
      ['status 302', 'the body does not match ok.body'],
      '429 is good by status, but its empty body is not',
    )
    assert.equal(asked, sent(run), 'no redirect was followed, nothing was retried')
  })

  it('sends the mix by its weights, with method and body', async (t) => {
    const seen: Record<string, number> = {}
    const { url } = await serve(t, (request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += chunk))
      request.on('end', () => {
        const what = `${request.method} ${request.url} ${body}`
        seen[what] = (seen[what] ?? 0) + 1
        response.end()
      })
    })
    const mix = ['a', 'b'].map((name) => ({
      name,
      url: url + name,
      method: name === 'a' ? 'POST' : 'PUT',
      headers: {},
      body: `I am ${name}`,
      weight: name === 'a' ? 3 : 1,
    }))
    const run = await start(t, load(url, { requests: mix }), { seed: 7 })
    await run.until(() => sum(run.ticks, 'ended') >= 100)
    await run.handle.stop()
    assertAccounted(run)
    assert.deepEqual(Object.keys(seen).sort(), ['POST /a I am a', 'PUT /b I am b'])
    const share = (seen['POST /a I am a'] ?? 0) / sum(run.seconds, 'ok')
    assert.ok(share > 0.6 && share < 0.9, `three of four should be a: ${share}`)
  })

  it('goes on at its rate when nothing answers, and times out from the intended start', async (t) => {
    const { url, server } = await serve(t, () => {})
    const run = await start(t, load(url, { timeout: 500 }))
    await run.until(() => run.ticks.length >= 2)
    const connections = await new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
    const planned = sum(run.ticks, 'planned')
    assert.ok(connections < 0.6 * planned, `${connections} connections of ${planned}: those that timed out are closed`)
    await run.handle.stop()
    assertAccounted(run)
    assert.equal(sum(run.seconds, 'timeout'), sent(run))
    assert.ok(
      run.seconds.every((second) => second.latencies.every((latency) => latency === 500)),
      'a timeout counts its limit',
    )
    const first = run.ticks[0]!
    assert.ok(
      Math.abs(first.planned - (first.at - first.from) / 10) <= 15,
      `${first.planned} planned in the first second although nothing answered`,
    )
    // About 0.5 s of requests wait: neither less (they would have been given up early) nor more (late).
    assert.ok(first.inFlight >= 35 && first.inFlight <= 80, `${first.inFlight} in flight`)
  })

  it('counts a request that is late already while it is in flight, each once', async (t) => {
    const { url } = await serve(t, (request, response) => {
      if (request.url === '/quick') response.end()
    })
    const mix = ['quick', 'never'].map((name) => ({ name, url: url + name, method: 'GET', headers: {}, body: null, weight: 1 }))
    const run = await start(t, load(url, { requests: mix, timeout: 3000 }), { latencyLimits: [200, 5000] })
    await run.until(() => run.ticks.length >= 2)
    const early = run.ticks.slice(0, 2)
    assert.equal(sum(early, 'timeout'), 0)
    const late = (limit: number, ticks = run.ticks) => ticks.map((tick) => tick.thresholds.find((threshold) => threshold.limit === limit)!)
    assert.ok(sum(late(200, early), 'slow') >= 40, 'the hung ones count long before they time out')
    await run.handle.stop()
    assertAccounted(run)
    for (const limit of [200, 5000]) {
      assert.equal(sum(late(limit), 'decided'), sent(run), `each request is decided once against ${limit} ms`)
    }
    assert.equal(sum(late(5000), 'slow'), sum(run.seconds, 'timeout'), 'a timeout below the limit is no fast answer')
    const slow = run.seconds.flatMap((second) => second.latencies).filter((latency) => latency > 200).length
    assert.equal(sum(late(200), 'slow'), slow, 'what counted early is what ended late')
  })

  it('watches a new limit from then on', async (t) => {
    const { url } = await serve(t, (_, response) => void setTimeout(() => response.end(), 30))
    const run = await start(t, load(url))
    await run.until(() => run.ticks.length >= 1)
    run.handle.setLatencyLimits([5])
    const before = sum(run.ticks, 'planned')
    await run.until(() => run.ticks.length >= 3)
    await run.handle.stop()
    const decided = run.ticks.flatMap((tick) => tick.thresholds)
    assert.ok(sum(decided, 'decided') > 0 && sum(decided, 'decided') <= sum(run.ticks, 'planned') - before)
    assert.equal(sum(decided, 'slow'), sum(decided, 'decided'), 'all take 30 ms')
  })

  it('shows a server that stands still for 2 s in the latencies', async (t) => {
    let frozen = false
    const held: (() => void)[] = []
    const { url } = await serve(t, (_, response) => {
      if (frozen) held.push(() => response.end())
      else response.end()
    })
    const run = await start(t, load(url, { timeout: 5000 }))
    await run.until(() => run.ticks.length >= 1)
    frozen = true
    const since = performance.now()
    await run.until(() => performance.now() - since >= 1900)
    frozen = false
    const took = performance.now() - since
    for (const answer of held) answer()
    await run.handle.stop()
    assertAccounted(run)
    const slow = run.seconds.flatMap((second) => second.latencies).filter((latency) => latency > 500)
    // Uniform arrivals: those of the first (took − 500) ms wait for longer than 500 ms, the longest for all of it.
    assert.ok(
      slow.length + sum(run.seconds, 'notSent') > (took - 500) / 10 - 25,
      `${slow.length} waited over 0.5 s of a stop of ${took} ms`,
    )
    assert.ok(Math.max(...slow) > took - 200)
    assert.equal(sum(run.seconds, 'timeout'), 0)
  })

  it('calls refusals, resets, half answers and unknown names errors of the target', async (t) => {
    const { url } = await serve(t, (request, response) => {
      if (request.url === '/reset') request.socket.resetAndDestroy()
      else {
        response.writeHead(200, { 'content-length': '100' })
        response.write('half', () => request.socket.destroy())
      }
    })
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as { port: number }
    await new Promise((resolve) => closed.close(resolve))
    const urls = [`${url}reset`, `${url}half`, `http://127.0.0.1:${port}/`, 'http://no-such-host.invalid/']
    const mix = urls.map((each) => ({ name: each, url: each, method: 'GET', headers: {}, body: null, weight: 1 }))
    const run = await start(t, load(url, { requests: mix, rate: 40 }))
    await run.until(() => sum(run.ticks, 'ended') >= 30)
    await run.handle.stop()
    assertAccounted(run)
    assert.equal(sum(run.seconds, 'error') + sum(run.seconds, 'timeout'), sent(run))
    const why = Object.keys(reasons(run.seconds)).join('; ')
    for (const word of [/ECONNREFUSED/, /ECONNRESET/, /ENOTFOUND|EAI_AGAIN/, /UND_ERR_SOCKET/]) assert.match(why, word)
  })

  it('reads slow and big bodies to their end, and their time counts', async (t) => {
    const { url } = await serve(t, (request, response) => {
      if (request.url === '/big') return void response.end('x'.repeat(3 * 1024 * 1024))
      response.write('first')
      setTimeout(() => response.end('last'), 150)
    })
    const mix = ['big', 'slow'].map((name) => ({ name, url: url + name, method: 'GET', headers: {}, body: null, weight: 1 }))
    const run = await start(t, load(url, { requests: mix, rate: 20, ok: { status: [200], body: 'last$|^x+$' } }))
    await run.until(() => sum(run.ticks, 'ended') >= 15)
    await run.handle.stop()
    assertAccounted(run)
    assert.equal(sum(run.seconds, 'ok'), sent(run))
    const slow = run.seconds.flatMap((second) => second.latencies).filter((latency) => latency >= 149)
    assert.ok(slow.length >= 3)
  })

  it('sends no more than its own limit of open requests, and says so', async (t) => {
    const { url } = await serve(t, () => {})
    const run = await start(t, load(url, { timeout: 1500 }), { maxOpen: 20 })
    await run.until(() => run.ticks.length >= 1)
    assert.equal(run.ticks[0]?.inFlight, 20)
    await run.handle.stop()
    assertAccounted(run)
    assert.ok(sum(run.seconds, 'notSent') >= 50)
    assert.deepEqual(Object.keys(reasons(run.seconds)), ['own limit of 20 open requests'])
    assert.ok(
      run.seconds.some((second) => second.suspect),
      'more than 1 % not sent: the second is not to be trusted',
    )
  })

  it('abandons at once and hands over what there is', async (t) => {
    const { url } = await serve(t, (request, response) => {
      if (request.url === '/quick') response.end()
    })
    const mix = ['quick', 'never'].map((name) => ({ name, url: url + name, method: 'GET', headers: {}, body: null, weight: 1 }))
    const run = await start(t, load(url, { requests: mix, timeout: 60_000 }))
    await run.until(() => run.ticks.length >= 1)
    const before = performance.now()
    await run.handle.abandon()
    assert.ok(performance.now() - before < 1500)
    const ended = sum(run.seconds, 'ok')
    const open = sum(run.seconds, 'planned') - ended - sum(run.seconds, 'error') - sum(run.seconds, 'notSent')
    assert.ok(ended > 0 && open > 0, `${ended} ended, ${open} open`)
    assert.equal(sum(run.seconds, 'timeout'), 0)
    assert.deepEqual(run.errors, [])
  })

  it('refuses to start with what it cannot send', async (t) => {
    await assert.rejects(start(t, load('ftp://localhost/')), { code: 'traffic-failed' })
    await assert.rejects(start(t, load('http://localhost/', { ok: { status: [200], body: '(' } })), { code: 'traffic-failed' })
  })
})
