/** Real proxies in a state of their own, in front of a small server; all ended by the test that started them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StreamFault } from '../../../src/proxy/fault.ts'
import { type OpenedProxy, openProxy } from '../../../src/proxy/life/open.ts'
import type { ProxyTask } from '../../../src/proxy/life/protocol.ts'
import { freePort } from '../../helpers/free-port.ts'
import { stateOf, until } from '../../helpers/processes.ts'

export interface Stage {
  state: string
  /** Echoes. */
  upstream: string
  task(more?: Partial<ProxyTask>): Promise<ProxyTask>
  open(task: ProxyTask): Promise<OpenedProxy>
  /** These processes too are ended with the stage. */
  endLater(pids: readonly number[]): void
  end(): Promise<void>
}

export async function proxyStage(): Promise<Stage> {
  const state = mkdtempSync(join(tmpdir(), 'squall-proxies-'))
  const pids = new Set<number>()
  const { server, port } = await echoServer()
  const upstream = `127.0.0.1:${port}`
  return {
    state,
    upstream,
    task: async (more = {}) => ({
      ...{ name: 'payments', upstream, carries: 'bytes', startedBy: { run: 'r1', experiment: 'unit' } },
      listen: more.listen ?? `127.0.0.1:${await freePort()}`,
      ...more,
    }),
    async open(task) {
      const opened = await openProxy(task, state)
      pids.add(opened.lease.hello.pid)
      return opened
    },
    endLater(more) {
      for (const pid of more) pids.add(pid)
    },
    async end() {
      for (const pid of pids) if (pid > 1 && isAlive(pid)) process.kill(pid, 'SIGKILL')
      await until('the proxies to be gone', () => [...pids].every((pid) => !isAlive(pid)))
      server.close()
      rmSync(state, { recursive: true, force: true })
    },
  }
}

export async function echoServer(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.unref()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as { port: number }).port }
}

export function isAlive(pid: number): boolean {
  return !['', 'Z', 'X'].includes(stateOf(pid))
}

/** ms from a byte to its echo through this address. */
export async function echo(listen: string): Promise<number> {
  const caller = await dial(listen)
  const began = performance.now()
  caller.write('x')
  await new Promise<void>((resolve, reject) => {
    caller.once('data', () => resolve())
    caller.once('close', () => reject(new Error('closed without an echo')))
  })
  caller.destroy()
  return performance.now() - began
}

export function dial(listen: string): Promise<Socket> {
  const at = listen.lastIndexOf(':')
  const socket = listen.startsWith('/') ? connect(listen) : connect({ host: listen.slice(0, at), port: Number(listen.slice(at + 1)) })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}

export function delay(id: string, ms = 200): StreamFault {
  return { is: 'stream', id, direction: 'up', share: 1, act: { is: 'delay', ms, jitter: 0 } }
}

/** ms since the epoch, a minute from now. */
export function later(): number {
  return Date.now() + 60_000
}
