/** Real Redis servers on loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { findInstalled } from '../../scripts/lib/components.ts'
import { freePort } from './free-port.ts'
import { endProcess, until } from './processes.ts'

export interface RedisServer {
  /** `127.0.0.1:port`. */
  readonly name: string
  readonly port: number
  start(): Promise<void>
  kill(): Promise<void>
  /** `kill`, and nothing is left of it. */
  end(): Promise<void>
  freeze(): void
  thaw(): void
  command(name: string, ...args: string[]): Promise<unknown>
}

/** Asks for `password`; settings as in redis.conf. */
export async function createRedis(password: string, settings: readonly string[] = []): Promise<RedisServer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'squall-redis-'))
  let server: ChildProcess | null = null
  async function command(name: string, ...args: string[]): Promise<unknown> {
    const client = new Redis({ port, password, protocol: 2, retryStrategy: null, lazyConnect: true, enableReadyCheck: false })
    client.on('error', () => {})
    await client.connect()
    try {
      return await client.call(name, ...args)
    } finally {
      client.disconnect()
    }
  }
  async function kill(): Promise<void> {
    if (server) await endProcess(server)
    server = null
  }
  return {
    port,
    name: `127.0.0.1:${port}`,
    command,
    async start() {
      const own = [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--dir',
        folder,
        '--save',
        '',
        '--requirepass',
        password,
        '--masterauth',
        password,
      ]
      server = spawn(findInstalled('redis-server') ?? 'redis-server', [...own, ...settings], { stdio: 'ignore' })
      await until('redis to answer', async () => (await command('ping')) === 'PONG')
    },
    kill,
    async end() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
  }
}
