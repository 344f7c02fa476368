/** One service calls another. */
import { Agent, request } from 'node:http'
import type { Answer } from './service.ts'

const agent = new Agent({ keepAlive: true })

/**
 * Sends JSON, gets JSON. Without `timeout` (ms) it waits as long as the other side takes: Node's client has no limit of its own,
 * and neither have most others.
 */
export function call(url: string, method = 'GET', body: unknown = null, timeout?: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const signal = timeout === undefined ? {} : { signal: AbortSignal.timeout(timeout) }
    const outgoing = request(url, { agent, method, headers: { 'content-type': 'application/json' }, ...signal }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 502, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) }))
    })
    outgoing.on('error', reject)
    outgoing.end(body === null ? undefined : JSON.stringify(body))
  })
}
