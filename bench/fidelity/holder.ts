/** Holds a delay in a proxy until it is killed, as the guardian of a run does. Arguments: state folder, address to listen at, address of the service. */
import { openProxy } from '../../src/proxy/life/open.ts'

const [state = '', listen = '', upstream = ''] = process.argv.slice(2)
const { lease } = await openProxy(
  { name: 'bench', listen, upstream, carries: 'bytes', startedBy: { run: 'bench', experiment: 'bench' } },
  state,
)
const act = { is: 'delay', ms: 60_000, jitter: 0 } as const
await lease.put([{ is: 'stream', id: 'bench', direction: 'up', share: 1, act }], 'bench', Date.now() + 60_000)
process.stdout.write(`${(await lease.status()).pid}\n`)
setInterval(() => {}, 60_000)
