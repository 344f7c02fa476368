/** A proxy in a process of its own, driven line by line: nothing but the data plane, so that what is measured is it. */
import { createInterface } from 'node:readline'
import type { ProxyFault } from '../../../src/proxy/fault.ts'
import { type Proxy, startProxy } from '../../../src/proxy/proxy.ts'

/** What it is told, a line each. */
export type Order = { put: ProxyFault } | { remove: string } | { ask: 'status' | 'connections' }

const [upstream = '', carries = 'bytes', listen = '127.0.0.1:0'] = process.argv.slice(2)
const proxy: Proxy = await startProxy({ name: 'whole', listen, upstream, carries: carries as 'bytes' | 'http' })
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`)

function obey(order: Order): unknown {
  if ('put' in order) proxy.put(order.put)
  else if ('remove' in order) return proxy.remove(order.remove)
  else return order.ask === 'status' ? proxy.status() : proxy.connections()
  return true
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    try {
      say({ value: obey(JSON.parse(line) as Order) })
    } catch (error) {
      say({ error: String(error) })
    }
  })
  .on('close', () => void proxy.stop().then(() => process.exit()))
say({ value: proxy.listen })
