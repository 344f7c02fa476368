/** Writes one state after the other until it is killed: `state-writer FILE`. Says so when the first is there. */
import type { KeptProxy } from '../../../src/proxy/toxiproxy/kept-proxies.ts'
import { openStateFile } from '../../../src/proxy/toxiproxy/state-file.ts'

const proxies: KeptProxy[] = []
const file = openStateFile(
  process.argv[2] ?? '',
  () => proxies,
  () => {},
)
proxies.push(...file.found)
for (let turn = 0; ; turn++) {
  // Grows and shrinks: a torn write of either kind would show.
  if (proxies.length > 40) proxies.length = 1
  const listen = `127.0.0.1:${turn}`
  proxies.push({ spec: { name: `p${turn}`, listen, upstream: 'up:1', enabled: turn % 2 === 0 }, toxics: [] })
  await file.save()
  if (turn === 0) process.stdout.write('first\n')
}
