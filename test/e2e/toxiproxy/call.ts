/** One HTTP request on a connection of its own, just as written: no library tidies up the path, the method or the headers. */
import { connect } from 'node:net'

export interface Called {
  status: number
  /** Names in lower case. */
  headers: Record<string, string>
  /** As it came, whatever the headers say about it. */
  body: string
}

export interface CallOptions {
  headers?: Record<string, string>
  body?: string
  /** ms until it counts as not answered. */
  timeLimit?: number
}

/** @param ask method and path */
export async function call(port: number, ask: string, { headers = {}, body, timeLimit = 10_000 }: CallOptions = {}): Promise<Called> {
  const all = {
    host: `127.0.0.1:${port}`,
    connection: 'close',
    ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  }
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return parse(ask, await exchange(port, `${ask} HTTP/1.1\r\n${head.join('')}\r\n${body ?? ''}`, timeLimit))
}

/** Sends bytes, and gives back all that comes until the other side ends. */
export function exchange(port: number, bytes: string | Uint8Array, timeLimit = 10_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(bytes))
    const timer = setTimeout(
      () => socket.destroy(new Error(`not answered within ${timeLimit} ms: ${String(bytes).slice(0, 200)}`)),
      timeLimit,
    )
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.once('error', reject)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(chunks).toString('utf8'))
    })
  })
}

function parse(ask: string, text: string): Called {
  const split = text.indexOf('\r\n\r\n')
  const [first, ...lines] = text.slice(0, split).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first ?? '')?.[1])
  if (split < 0 || Number.isNaN(status)) throw new Error(`${ask}: no HTTP answer: ${JSON.stringify(text.slice(0, 300))}`)
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()])
  return { status, headers: Object.fromEntries(headers) as Record<string, string>, body: text.slice(split + 4) }
}
