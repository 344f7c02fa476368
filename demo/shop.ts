/**
 * The shop by itself: `node demo/shop.ts [--fixed] [--port N]`. Prints its URL and runs until Ctrl-C.
 * Ends with all its processes on SIGINT, SIGTERM, SIGHUP, when its parent dies or when one of its processes ends.
 */
import { parseArgs } from 'node:util'
import { whenParentDies } from './parent.ts'
import { startShop } from './start-shop.ts'

const { values } = parseArgs({
  options: { fixed: { type: 'boolean' }, port: { type: 'string', default: '0' }, app: { type: 'string', default: 'shop' } },
})

const told = new Promise<string>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
  whenParentDies(() => resolve('its parent is gone'))
})
const shop = await startShop({ fixed: values.fixed ?? false, port: Number(values.port), app: values.app })
process.stdout.on('error', () => {}) // Nobody reads: the shop goes on.
console.log(`The shop is open: ${shop.url} (${values.fixed ? 'with' : 'without'} timeout and circuit breaker towards payments)`)
for (const [service, pid] of Object.entries(shop.pids)) console.log(`  ${service.padEnd(10)} pid ${pid}`)
console.log('Ctrl-C closes it.')

const accident = await Promise.race([told.then(() => null), shop.broken])
await shop.stop()
if (accident !== null) {
  console.error(`The shop closed: ${accident}.`)
  process.exitCode = 1
}
