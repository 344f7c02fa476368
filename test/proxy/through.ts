/** A proxy with a service behind it and callers before it, all in this process; each side notes what it sees. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Proxy, type ProxyOptions, startProxy } from '../../src/proxy/proxy.ts'
import { everything } from '../helpers/length.ts'
import { until } from '../helpers/processes.ts'

/** What a proxy may carry: what it does to connections is the same for all. */
export const kinds: readonly ProxyOptions['carries'][] = everything ? ['bytes', 'http'] : ['bytes']

export interface Peer {
  socket: Socket
  got(): Buffer
  /** `ended`: the other side has ended in an orderly way. */
  state(): 'open' | 'ended' | 'reset'
}

export interface Through {
  proxy: Proxy
  service: Server
  /** A caller whose connection is made or refused; `service` only for `pair`. */
  call(): Promise<Peer>
  pair(): Promise<{ caller: Peer; service: Peer }>
  close(): Promise<void>
}

/** Ends neither side of itself. */
export function peer(socket: Socket): Peer {
  const pieces: Buffer[] = []
  let state: ReturnType<Peer['state']> = 'open'
  socket.on('data', (data: Buffer) => pieces.push(data))
  socket.on('end', () => (state = 'ended'))
  socket.on('error', () => (state = 'reset'))
  return { socket, got: () => Buffer.concat(pieces), state: () => state }
}

/** By `at`, as a proxy says it: `host:port` or a path. */
export function dial(at: string): Socket {
  const [, host = '', port = ''] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(at) ?? []
  return port === ''
    ? connect({ path: at, allowHalfOpen: true })
    : connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true })
}

export async function throughProxy(options: Partial<ProxyOptions> = {}, servicePath?: string): Promise<Through> {
  const served: Peer[] = []
  const sockets: Socket[] = []
  const service = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket)
    served.push(peer(socket))
  })
  await new Promise<void>((resolve) => (servicePath ? service.listen(servicePath, resolve) : service.listen(0, '127.0.0.1', resolve)))
  const address = service.address()
  const upstream = typeof address === 'object' && address ? `127.0.0.1:${address.port}` : String(address)
  const proxy = await startProxy({ name: 'test', listen: '127.0.0.1:0', upstream, carries: 'bytes', ...options })

  async function call(): Promise<Peer> {
    const socket = dial(proxy.listen)
    sockets.push(socket)
    const caller = peer(socket)
    await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', () => resolve()))
    return caller
  }
  return {
    proxy,
    service,
    call,
    async pair() {
      const before = served.length
      const caller = await call()
      await until('the service to be called', () => served.length > before)
      return { caller, service: served[before] as Peer }
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      service.close()
      await proxy.stop()
    },
  }
}

/** Bytes of which any two neighbours tell where they stand. */
export function numbered(size: number): Buffer {
  const data = Buffer.alloc(Math.ceil(size / 4) * 4)
  for (let at = 0; at < data.length; at += 4) data.writeUInt32BE(at, at)
  return data.subarray(0, size)
}
