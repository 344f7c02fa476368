/** Runs the request path hot against a server of our own: cold code made the first second up to 70 ms late (measured). */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openConnections } from './connections.ts'
import { Exchange } from './exchange.ts'
import { answerRule } from './outcome.ts'

const requests = 300
const atOnce = 5

/** Sends a few hundred requests to a loopback server in this thread; nothing reaches the target. Takes about 0.1 s, never more than 2. */
export async function warmUp(): Promise<void> {
  const server = createServer((_, response) => response.end('ok'))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const request = { name: 'warm-up', url, method: 'GET', headers: {}, body: null, weight: 1 }
  const traffic = { rate: 1, requests: [request], timeout: 1000, ok: { status: [200], body: 'ok' } }
  const connections = openConnections(traffic, { version: '0', runId: 'warm-up' })
  const answer = answerRule(traffic)
  const until = performance.now() + 2000
  try {
    for (let sent = 0; sent < requests && performance.now() < until; sent += atOnce) {
      await Promise.all(
        Array.from({ length: atOnce }, () => {
          return new Promise<void>((resolve) =>
            connections.prepared[0]?.dispatch(new Exchange(performance.now(), 1000, 0, answer, () => resolve())),
          )
        }),
      )
    }
  } finally {
    connections.destroy()
    server.close()
    server.closeAllConnections()
  }
}
