/** Real Redis servers on loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { findInstalled } from '../../scripts/lib/components.ts'
import { makeCertificate } from './certificate.ts'
import { freePort } from './free-port.ts'
import { endProcess, until } from './processes.ts'

export interface RedisServer {
  /** Path of the certificate that it shows, which is its own authority; empty without TLS. */
  readonly certificate: string
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

/** Asks for `password`; settings as in redis.conf. With `tls` it takes nothing else. */
export async function createRedis(
  password: string,
  { settings = [], tls = false }: { settings?: readonly string[]; tls?: boolean } = {},
): Promise<RedisServer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'squall-redis-'))
  const made = tls ? makeCertificate(folder) : null
  const ports = made
    ? [
        '--port',
        '0',
        '--tls-port',
        String(port),
        '--tls-cert-file',
        made.certificate,
        '--tls-key-file',
        made.key,
        '--tls-auth-clients',
        'no',
      ]
    : ['--port', String(port)]
  let server: ChildProcess | null = null
  async function command(name: string, ...args: string[]): Promise<unknown> {
    const client = new Redis({
      host: '127.0.0.1',
      port,
      password,
      protocol: 2,
      retryStrategy: null,
      lazyConnect: true,
      enableReadyCheck: false,
      ...(made && { tls: { ca: readFileSync(made.certificate) } }),
    })
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
    certificate: made?.certificate ?? '',
    port,
    name: `127.0.0.1:${port}`,
    command,
    async start() {
      const own = [...ports, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--requirepass', password, '--masterauth', password]
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
