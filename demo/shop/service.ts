/** What the shop's processes have in common: answer JSON on a free port, tell the parent which, end when the parent ends. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Call {
  method: string
  path: string
  body: unknown
}

export interface Answer {
  status: number
  body: unknown
}

/**
 * Serves on 127.0.0.1. The port is `SHOP_PORT` (0, the default, takes a free one) and is sent to the parent as `{ port }`.
 * What `handle` throws becomes a 502.
 */
export function serve(handle: (call: Call) => Promise<Answer>): void {
  const server = createServer(async (request, response) => {
    const answer = await answerTo(request, handle)
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer.body))
  })
  // Longer than any pause between two calls: a connection closed while it is being reused would look like an error of the shop.
  server.keepAliveTimeout = 600_000
  server.on('error', (error) => {
    console.error(error.message)
    process.exit(1)
  })
  server.listen(Number(process.env.SHOP_PORT ?? 0), '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
  process.on('disconnect', () => process.exit(0))
}

/** The address of another service, from the environment: `PAYMENTS_URL` and the like. */
export function neighbour(name: string): string {
  const url = process.env[name]
  if (url === undefined) throw new Error(`${name} is not set: start the shop with demo/shop.ts`)
  return url
}

async function answerTo(request: IncomingMessage, handle: (call: Call) => Promise<Answer>): Promise<Answer> {
  try {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString('utf8')
    return await handle({ method: request.method ?? 'GET', path: request.url ?? '/', body: text === '' ? null : JSON.parse(text) })
  } catch (error) {
    return { status: 502, body: { error: (error as Error).message } }
  }
}
