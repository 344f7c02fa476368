/** Holds one user's source in a process of its own: `source-host FILE`. */
import type { OwnSourceData, OwnSourceFacts } from '../measures/own-facts.ts'
import { type Call, parsedBy, serveUserCode } from '../system/user-code-host.ts'

await serveUserCode<OwnSourceFacts>(process.argv[2] ?? '', {
  accept(found) {
    const has = (name: string): boolean => typeof found[name] === 'function'
    if (has('now') === has('range'))
      throw new Error(`its default export has ${has('now') ? 'both now and range' : 'neither now nor range'}`)
    const lag = found.lag ?? 0
    if (typeof lag !== 'number' || !(lag >= 0)) throw new Error(`lag is ${String(lag)}, not a number of milliseconds`)
    return { remembers: has('range'), checks: has('check'), lag }
  },
  run(found, method, [config, ...args], call) {
    const asked = found[method] as (...args: unknown[]) => unknown
    return asked.apply(found, [parsedBy(found.config, config), ...args, call && contextFor(call)])
  },
})

function contextFor({ data, signal, log, ask }: Call): Record<string, unknown> {
  return { ...(data as OwnSourceData), signal, log, secret: (name: string) => ask('secret', name) }
}
