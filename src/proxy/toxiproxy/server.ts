/** A server that Toxiproxy's clients take for theirs: the API, the proxies behind it, the files they come from and go to. */
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SquallError } from '../../errors.ts'
import { monotonicMs, sleep } from '../../system/clock.ts'
import { randomSeed } from '../../system/random.ts'
import { apiServer } from './api.ts'
import { byteCounts } from './byte-counts.ts'
import { collection } from './collection.ts'
import { guard } from './guard.ts'
import { type KeptProxy, readConfig } from './kept-proxies.ts'
import { hostPort, resolveListen } from './listen-address.ts'
import { type LogSink, openLog } from './log.ts'
import { type MetricsWanted, metricsAnswer } from './metrics.ts'
import { toxiproxyVersion } from './routes.ts'
import { usualStart } from './served-proxy.ts'
import { openStateFile, type StateFile } from './state-file.ts'

export interface ServerOptions {
  host: string
  port: number
  /** A file with proxies to begin with. */
  config?: string
  /** A file that keeps them over restarts. */
  state?: string
  seed?: number
  /** Names under which the API may be called, in addition. */
  allowHosts?: readonly string[]
  metrics?: MetricsWanted
  /** Value of LOG_LEVEL. */
  logLevel?: string | undefined
  log: LogSink
  /** Stands in for the real proxy in tests. */
  start?: typeof usualStart
}

export interface ToxiproxyServer {
  /** Where the API listens. */
  host: string
  port: number
  /** Told at the log, not thrown: the others are not to be cut off by a defect. */
  defect(error: unknown): void
  stop(): Promise<void>
}

/** @throws SquallError when the address is taken, or a file is not what it must be: then nothing has been started */
export async function startToxiproxyServer(options: ServerOptions): Promise<ToxiproxyServer> {
  const { metrics = { proxies: false, runtime: false }, seed = randomSeed(), start = usualStart } = options
  const log = openLog(options.log, options.logLevel)
  log('info', 'Starting Toxiproxy', { version: toxiproxyVersion })
  const config = options.config === undefined ? [] : configOf(options.config)
  const counts = byteCounts()
  let state: StateFile | null = null
  const all = collection({ log, counts, seed, start }, async () => state?.save())
  const kept = options.state === undefined ? null : openStateFile(options.state, () => all.kept(), log)
  const { promise: ready, resolve: begin } = Promise.withResolvers<void>()
  const api = apiServer({
    collection: all,
    guard: () => gate,
    ready,
    log,
    metrics: metrics.proxies || metrics.runtime ? () => metricsAnswer(metrics, counts.all()) : null,
  })
  let gate = guard('127.0.0.1', [])
  const { address, port } = await listen(api, options)
  gate = guard(address, [options.host, ...(options.allowHosts ?? [])])
  log('info', 'Starting Toxiproxy HTTP server', { address: hostPort(options.host, port) })
  for (const { spec, toxics } of kept?.found ?? []) await all.restore(spec, toxics)
  state = kept
  try {
    for (const { spec, toxics } of config) await all.add(spec, toxics)
  } catch (error) {
    api.closeAllConnections()
    api.close()
    await all.stop()
    throw new SquallError('proxy-config', `${options.config}: ${(error as Error).message}`, { cause: error })
  }
  if (options.config !== undefined) log('info', 'Populated proxies from file', { proxies: config.length })
  begin()
  return {
    host: address,
    port,
    defect: (error) =>
      log('fatal', 'A defect in Squall', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    async stop() {
      log('info', 'Shutdown started')
      await close(api)
      await all.stop()
      await state?.close()
    },
  }
}

function configOf(path: string): KeptProxy[] {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new SquallError('file-not-readable', `the config file ${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
  try {
    return readConfig(bytes)
  } catch (error) {
    throw new SquallError('proxy-config', `${path}: ${(error as Error).message.replace(/^bad request body: /, '')}`, { cause: error })
  }
}

/** A name is looked up as for a proxy: IPv4 first, so that `localhost` is 127.0.0.1 as with Toxiproxy. */
async function listen(server: Server, { host, port }: ServerOptions): Promise<AddressInfo> {
  const refused = (error: Error): never => {
    throw new SquallError('proxy-address', `the API cannot listen at ${hostPort(host, port)}: ${error.message}`, { cause: error })
  }
  const { ip, wildcard } = await resolveListen(hostPort(host, port), monotonicMs() + 10_000).catch(refused)
  const listenAt = (address: string): Promise<AddressInfo> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: address, port }, () => {
        server.off('error', reject)
        resolve(server.address() as AddressInfo)
      })
    })
  if (!wildcard) return listenAt(ip).catch(refused)
  return listenAt('::')
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EAFNOSUPPORT' && error.code !== 'EADDRNOTAVAIL') throw error
      return listenAt('0.0.0.0') // A machine without IPv6.
    })
    .catch(refused)
}

/** Calls that are on their way are answered, for a second at most. */
async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const enough = new AbortController()
  await Promise.race([closed, sleep(1_000, enough.signal)])
  enough.abort() // A timer that nobody waits for would keep the process for the rest of its second.
  server.closeAllConnections()
}
