/** Where the control socket of a proxy is: known from its address alone, before it runs. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { stateDir } from '../../system/paths.ts'

/** Short and without the address in it: a path of a socket has at most 107 bytes. */
export function proxySocket(listen: string, state = stateDir()): string {
  const place = listen.toLowerCase().replace(/^localhost:/, '127.0.0.1:')
  return join(state, 'proxies', createHash('sha256').update(place).digest('hex').slice(0, 16), 'socket')
}
