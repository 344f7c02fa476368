/** A service that answers JSON, and calls from one to another. */
import { Agent, createServer, type IncomingMessage, request } from 'node:http'

export interface Asked {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

export interface Answer {
  status: number
  /** Text goes as it is, anything else as JSON. */
  body: unknown
  headers?: Record<string, string>
}

/** Listens on `PORT` of 127.0.0.1 and tells whoever started it; what `handle` throws becomes a 502. */
export function serve(env: NodeJS.ProcessEnv, handle: (asked: Asked) => Promise<Answer> | Answer): void {
  const server = createServer(async (incoming, response) => {
    const { status, body, headers } = await answerTo(incoming, handle)
    const isText = typeof body === 'string'
    response.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers })
    response.end(isText ? body : JSON.stringify(body))
  })
  // Longer than any pause between two calls: a connection closed while it is being used again would look like an error of ours.
  server.keepAliveTimeout = 600_000
  server.on('error', (error) => {
    console.error(error.message)
    process.exit(1)
  })
  server.listen(Number(env.PORT), env.HOST ?? '127.0.0.1', () => process.send?.('listens'))
}

async function answerTo(incoming: IncomingMessage, handle: (asked: Asked) => Promise<Answer> | Answer): Promise<Answer> {
  try {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { method = 'GET', url: path = '/', headers } = incoming
    return await handle({ method, path, headers, body: Buffer.concat(chunks).toString('utf8') })
  } catch (error) {
    return { status: 502, body: { error: (error as Error).message } }
  }
}

const agent = new Agent({ keepAlive: true })

export interface CallOptions {
  method?: string
  body?: string
  headers?: Record<string, string>
  /** ms; without it a call waits for as long as the other side takes, as most clients do. */
  timeout?: number
  /** A connection of its own. */
  fresh?: true
}

/** @throws when there is no answer, or not in time */
export function call(
  url: string,
  { method = 'GET', body, headers = {}, timeout, fresh }: CallOptions = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const signal = timeout === undefined ? {} : { signal: AbortSignal.timeout(timeout) }
    const outgoing = request(url, { agent: fresh ? false : agent, method, headers, ...signal }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('aborted', () => reject(new Error('the answer broke off')))
      response.on('end', () => resolve({ status: response.statusCode ?? 502, body: Buffer.concat(chunks).toString('utf8') }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
