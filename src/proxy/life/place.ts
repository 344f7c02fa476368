/** Where the registry keeps a proxy of ours: a folder for each address at which one listens, in this user's state. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { stateDir } from '../../system/paths.ts'

export interface ProxyPlace {
  folder: string
  /** Whose it is and what it does; see `registry.ts`. */
  entry: string
  socket: string
  /** Held for as long as the process lives: what counts, whatever else lies there. */
  lock: string
  log: string
}

/** All proxies of this state. */
export function proxiesDir(state = stateDir()): string {
  return join(state, 'proxies')
}

/** Known before the proxy runs, and the same for every run that names this address. */
export function proxyPlace(listen: string, state = stateDir()): ProxyPlace {
  return placeIn(join(proxiesDir(state), idOf(listen)))
}

export function placeIn(folder: string): ProxyPlace {
  const part = (name: string): string => join(folder, name)
  return { folder, entry: part('entry.json'), socket: part('socket'), lock: part('lock'), log: part('log') }
}

/** Where the control socket of the proxy at this address is, once it runs. */
export function proxySocket(listen: string, state = stateDir()): string {
  return proxyPlace(listen, state).socket
}

/** One address has one spelling. */
export function plainListen(listen: string): string {
  if (listen.startsWith('/')) return listen
  return listen.toLowerCase().replace(/^localhost:/, '127.0.0.1:')
}

/** Where it passes on to, without the way of reading it: `127.0.0.1:80` of `http://127.0.0.1/`. */
export function plainUpstream(upstream: string): string {
  const web = /^http:\/\/([^/]*)\/?$/i.exec(upstream)?.[1]
  if (web === undefined) return plainListen(upstream)
  return plainListen(/:\d+$/.test(web) ? web : `${web}:80`)
}

/** Readable, and a file name: `127.0.0.1_9001`. */
function idOf(listen: string): string {
  const plain = plainListen(listen)
  const name = plain.replace(/[^A-Za-z0-9.-]/g, '_')
  // Two paths may become the same name.
  if (name.length <= 48 && !plain.startsWith('/')) return name
  return `${name.slice(0, 31)}-${createHash('sha256').update(plain).digest('hex').slice(0, 16)}`
}
