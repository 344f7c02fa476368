/** Starts the shop's five processes on free ports, in the order in which they need each other. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface ShopOptions {
  /** With timeout and circuit breaker towards payments. */
  fixed?: boolean
  /** The label `app` of its processes: two shops on one machine need two names. Default `shop`. */
  app?: string
  /** Port of the gateway; default: a free one. */
  port?: number
}

export interface Shop {
  url: string
  pids: Record<string, number>
  /** Ends all its processes and removes its data. May be called again. */
  stop(): Promise<void>
  /** Resolves when one of them ends without being told to, with a sentence. */
  broken: Promise<string>
}

export async function startShop(options: ShopOptions = {}): Promise<Shop> {
  const data = await mkdtemp(join(tmpdir(), 'squall-shop-'))
  const children: ChildProcess[] = []
  const pids: Record<string, number> = {}
  const { promise: broken, resolve: breaks } = Promise.withResolvers<string>()
  let stopping: Promise<void> | undefined

  const stopAll = async (): Promise<void> => {
    await Promise.all(children.map(end))
    await rm(data, { recursive: true, force: true })
  }
  const stop = (): Promise<void> => {
    stopping ??= stopAll()
    return stopping
  }

  const start = async (service: string, env: Record<string, string> = {}): Promise<string> => {
    const child = startService(service, { ...env, SQUALL_LABELS: `app=${options.app ?? 'shop'},service=${service}` })
    children.push(child)
    child.once('exit', (code, signal) => {
      if (!stopping) breaks(`${service} ended by itself (${signal ?? `exit ${code}`})`)
    })
    const port = await portOf(child, service)
    pids[service] = child.pid as number
    return `http://127.0.0.1:${port}`
  }

  try {
    const store = await start('store', { STORE_FILE: join(data, 'documents') })
    const payments = await start('payments')
    const orders = await start('orders', { STORE_URL: store, PAYMENTS_URL: payments, SHOP_FIXED: options.fixed ? '1' : '0' })
    const url = await start('gateway', { ORDERS_URL: orders, SHOP_PORT: `${options.port ?? 0}` })
    await start('bystander')
    return { url, pids, stop, broken }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * A process of its own group, so that Ctrl-C reaches the shop first. It ends with us even when we are killed: by the closed
 * channel, and, where `setpriv` is there, by the kernel, which also reaches a process that is frozen.
 */
function startService(service: string, env: Record<string, string>): ChildProcess {
  const node = [process.execPath, fileURLToPath(new URL(`./shop/${service}.ts`, import.meta.url))]
  const [program, ...args] = findProgram('setpriv') ? ['setpriv', '--pdeathsig', 'KILL', '--', ...node] : node
  return spawn(program as string, args, {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { PATH: process.env.PATH ?? '', ...env },
  })
}

async function portOf(child: ChildProcess, service: string): Promise<number> {
  const failed = Promise.race([
    once(child, 'exit').then(([code, signal]) => new Error(`${service} did not start: ${signal ?? `exit ${code}`}`)),
    once(child, 'error').then(([error]) => new Error(`${service} did not start: ${(error as Error).message}`)),
  ])
  const first = await Promise.race([once(child, 'message'), failed])
  if (first instanceof Error) throw first
  return (first[0] as { port: number }).port
}

/** SIGKILL: it ends a frozen process too, and nothing of the demo is worth saving. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

function findProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)))
}
