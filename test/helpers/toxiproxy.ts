/** A Toxiproxy server on loopback: the real one, or ours. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { findInstalled } from '../../scripts/lib/components.ts'
import { freePort } from './free-port.ts'
import { endProcess, until } from './processes.ts'

export interface ToxiproxyServer {
  readonly url: string
  /** The process itself, to stop and continue it. */
  readonly child: ChildProcess
  /** The answer's body; empty text is null. @throws with what the server said */
  call(method: string, path: string, body?: unknown): Promise<unknown>
  end(): Promise<void>
}

export const withoutToxiproxy: string | false = findInstalled('toxiproxy-server') ? false : 'toxiproxy-server is not installed'

const squall = fileURLToPath(new URL('../../bin/squall.js', import.meta.url))

export async function startToxiproxy(which: 'real' | 'ours' = 'real'): Promise<ToxiproxyServer> {
  const port = await freePort()
  const flags = ['-host', '127.0.0.1', '-port', String(port)]
  const [program, ...args] =
    which === 'real' ? [findInstalled('toxiproxy-server') ?? 'toxiproxy-server'] : [process.execPath, squall, 'proxy']
  const child = spawn(program as string, [...args, ...flags], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(url + path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return text === '' ? null : JSON.parse(text)
  }
  try {
    await until('the Toxiproxy server to answer', async () => (await call('GET', '/version')) !== null)
  } catch (error) {
    await endProcess(child)
    throw error
  }
  return { url, child, call, end: () => endProcess(child) }
}
