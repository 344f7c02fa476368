/** What is compared: each in a process of its own, passing on to one address. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findInstalled } from '../../scripts/lib/components.ts'
import { type Child, type Exit, startChild } from '../../src/system/children.ts'
import { freePort } from '../../test/helpers/free-port.ts'
import { until } from '../../test/helpers/processes.ts'
import type { Variant } from './variants.ts'

export type Which = 'direct' | 'node pipe' | 'Toxiproxy' | 'squall'

export interface Subject {
  which: Which
  /** Where it takes connections. */
  address: string
  /** MB of memory in use, null: no process. */
  memory(): number | null
  end(): Promise<unknown>
}

const squall = fileURLToPath(new URL('../../bin/squall.js', import.meta.url))
const pipe = fileURLToPath(new URL('./pipe.mjs', import.meta.url))

/** @param toxic met by every connection, in both directions; only where it is a server that knows toxics */
export async function startSubject(which: Which, sink: string, toxic: Variant['toxic']): Promise<Subject> {
  if (which === 'direct') return { which, address: sink, memory: () => null, end: async () => {} }
  return which === 'node pipe' ? startPipe(sink) : startServer(which, sink, toxic)
}

async function startPipe(sink: string): Promise<Subject> {
  const address = `127.0.0.1:${await freePort()}`
  const child = startChild({ argv: [process.execPath, pipe, address, sink], stdio: ['ignore', 'pipe', 'inherit'], dieWithParent: true })
  let ready = false
  child.process.stdout?.once('data', () => {
    ready = true
  })
  await until('the pipe to listen', () => ready)
  return { which: 'node pipe', address, memory: () => memoryOf(child), end: () => end(child) }
}

/** Both are told the same words: ours speaks Toxiproxy's API. */
async function startServer(which: 'Toxiproxy' | 'squall', sink: string, toxic: Variant['toxic']): Promise<Subject> {
  const port = await freePort()
  const program =
    which === 'squall' ? ([process.execPath, squall, 'proxy'] as const) : ([findInstalled('toxiproxy-server') ?? missing()] as const)
  const argv = [...program, '-host', '127.0.0.1', '-port', String(port)] as [string, ...string[]]
  const child = startChild({ argv, stdio: ['ignore', 'ignore', 'ignore'], dieWithParent: true })
  const call = caller(which, `http://127.0.0.1:${port}`)
  try {
    await until(`${which} to answer`, async () => (await call('GET', '/version')) !== null)
    const created = (await call('POST', '/proxies', { name: 'bench', listen: '127.0.0.1:0', upstream: sink })) as { listen: string }
    if (toxic !== null) for (const stream of ['upstream', 'downstream']) await call('POST', '/proxies/bench/toxics', { ...toxic, stream })
    return { which, address: created.listen, memory: () => memoryOf(child), end: () => end(child) }
  } catch (error) {
    await end(child)
    throw error
  }
}

function caller(which: Which, url: string): (method: string, path: string, body?: unknown) => Promise<unknown> {
  return async (method, path, body) => {
    const answer = await fetch(url + path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${which}: ${method} ${path}: ${answer.status} ${text}`)
    return text === '' ? null : JSON.parse(text)
  }
}

function end(child: Child): Promise<Exit> {
  child.kill()
  return child.exited
}

function missing(): never {
  throw new Error('this bench needs a real Toxiproxy: scripts/install-components.ts builds it')
}

function memoryOf({ pid }: Child): number | null {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  return found === undefined ? null : Number(found) / 1024
}
