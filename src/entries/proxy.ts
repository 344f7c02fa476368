/** The process of one proxy: `proxy STATE TASK`. */
import { proxyMain } from '../proxy/life/process.ts'
import { startProxy } from '../proxy/proxy.ts'

await proxyMain(process.argv.slice(2), startProxy)
