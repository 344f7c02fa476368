/** `squall proxy`: a server that Toxiproxy's clients take for theirs; with a word behind it, what can be done with the proxies of runs. */
import { SquallError } from '../errors.ts'
import { toxiproxyVersion } from '../proxy/toxiproxy/routes.ts'
import { startToxiproxyServer } from '../proxy/toxiproxy/server.ts'
import { endProcess } from '../system/exit.ts'
import type { Command } from './context.ts'

interface ProxyOptions {
  host?: string
  port?: number
  config?: string
  state?: string
  seed?: number
  allowHost?: string[]
  proxyMetrics?: boolean
  runtimeMetrics?: boolean
  serverVersion?: boolean
}

/** Bytes of the log that wait to be read. */
const longestLog = 1024 * 1024

/** What may follow `squall proxy` instead of options of the server. */
const others: Readonly<Record<string, () => Promise<{ default: Command }>>> = {
  list: () => import('./proxy-list.ts'),
  stop: () => import('./proxy-stop.ts'),
}

/** Exit 0 when it was told to stop, by SIGINT or SIGTERM. */
const proxy: Command<ProxyOptions> = async (args, options, context) => {
  const word = args[0] ?? ''
  const other = Object.hasOwn(others, word) ? others[word] : undefined
  if (other) return (await other()).default(args.slice(1), { ...options }, context)
  if (args.length > 0)
    throw new SquallError('usage', `squall proxy ${word}: there is no such command`, { hint: 'See squall proxy --help.' })
  if (options.serverVersion) {
    context.out(`toxiproxy-server version ${toxiproxyVersion}`)
    return 0
  }
  const { host = '127.0.0.1', port = 8474, config, state, seed, allowHost = [], proxyMetrics = false, runtimeMetrics = false } = options
  const server = await startToxiproxyServer({
    host,
    port,
    ...(config === undefined ? {} : { config }),
    ...(state === undefined ? {} : { state }),
    ...(seed === undefined ? {} : { seed }),
    allowHosts: allowHost,
    metrics: { proxies: proxyMetrics, runtime: runtimeMetrics },
    logLevel: process.env.LOG_LEVEL,
    log: { write: (line) => context.out(line), full: () => process.stdout.writableLength > longestLog },
  })
  process.on('uncaughtException', server.defect)
  process.on('unhandledRejection', server.defect)
  await toldToStop()
  await server.stop()
  // A log that nobody reads must not keep the process.
  setTimeout(() => endProcess(0), 1_000).unref()
  return 0
}
export default proxy

/** A second signal ends the process at once, as it would without us. */
function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      for (const name of names) process.off(name, stop)
      resolve()
    }
    const names = ['SIGINT', 'SIGTERM'] as const
    for (const name of names) process.on(name, stop)
  })
}
