/** Both ends of proxied connections, and what can be seen at them. */

import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { until } from '../../helpers/processes.ts'
import { call } from './call.ts'
import type { DeviationId } from './deviations.ts'
import type { Subject } from './subject.ts'

/** A way for connections to be treated. What is seen is told in words and whole numbers, so that it can be written down. */
export interface FlowCase {
  title: string
  /** Added before the first connection: as JSON of the API. */
  toxics?: readonly object[]
  /** Only in the long form: it takes seconds, or much memory. */
  long?: true
  /** The server may not outlive it. */
  ownServer?: true
  see(stand: Stand): Promise<unknown>
  /** On a real Toxiproxy. */
  sees: unknown
  ours?: { deviation: DeviationId; sees: unknown }
}

/** A proxy between callers and a service, both of them ours. */
export interface Stand {
  subject: Subject
  name: string
  /** The service's ends, in the order in which connections came. */
  arrived: readonly End[]
  /** Connects through the proxy, and gives both ends once the service has been reached. */
  pair(): Promise<{ caller: End; service: End }>
  /** Connects to the proxy; whether the service is reached or not. */
  call(): Promise<End>
  /** A call of the API, for its status; `P` in the path is this proxy. */
  api(ask: string, body?: object): Promise<number>
  add(toxic: object): Promise<void>
  listen: number
  upstream: number
}

export interface End {
  socket: Socket
  /** All that has come. */
  got(): Buffer
  /** When each read came. ms of performance.now(), bytes. */
  reads: readonly { at: number; bytes: number }[]
  /** How the other side has ended: by FIN, by RST, not yet. */
  state(): 'open' | 'ended' | 'reset'
  endedAt(): number
  send(data: string | Buffer): void
}

export function endOf(socket: Socket): End {
  const chunks: Buffer[] = []
  const reads: { at: number; bytes: number }[] = []
  let state: ReturnType<End['state']> = 'open'
  let endedAt = Number.NaN
  const ends = (how: 'ended' | 'reset'): void => {
    if (state !== 'open') return
    state = how
    endedAt = performance.now()
  }
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    reads.push({ at: performance.now(), bytes: chunk.length })
  })
  socket.on('end', () => ends('ended'))
  socket.on('error', (error: NodeJS.ErrnoException) => ends(error.code === 'ECONNRESET' ? 'reset' : 'ended'))
  return {
    socket,
    got: () => Buffer.concat(chunks),
    reads,
    state: () => state,
    endedAt: () => endedAt,
    send: (data) => void socket.write(data),
  }
}

let count = 0

export async function openStand(subject: Subject, name = `p${++count}`): Promise<Stand & { close(): Promise<void> }> {
  const arrived: End[] = []
  const open = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    socket.setNoDelay(true)
    open.add(socket)
    return socket
  }
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => void arrived.push(endOf(keep(socket))))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const upstream = (server.address() as AddressInfo).port
  const made = await call(subject.port, 'POST /proxies', {
    body: JSON.stringify({ name, listen: '127.0.0.1:0', upstream: `127.0.0.1:${upstream}` }),
  })
  const stand: Stand & { close(): Promise<void> } = {
    subject,
    name,
    arrived,
    upstream,
    listen: Number(/"listen":"127\.0\.0\.1:(\d+)"/.exec(made.body)?.[1]),
    async call() {
      const end = endOf(keep(connect({ port: stand.listen, host: '127.0.0.1', allowHalfOpen: true })))
      await until('the connection', () => end.socket.readyState === 'open' || end.state() !== 'open')
      return end
    },
    async pair() {
      const before = arrived.length
      const caller = await stand.call()
      await until('the service to be reached', () => arrived.length > before)
      return { caller, service: arrived[before] as End }
    },
    api: async (ask, body) => (await call(subject.port, ask.replace('/P', `/${name}`), body ? { body: JSON.stringify(body) } : {})).status,
    async add(toxic) {
      const { status, body } = await call(subject.port, `POST /proxies/${name}/toxics`, { body: JSON.stringify(toxic) })
      if (status !== 200) throw new Error(body)
    },
    async close() {
      if (subject.ended() === null) await call(subject.port, `DELETE /proxies/${name}`, { timeLimit: 1000 }).catch(() => null)
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return stand
}

/** Words for a measured time: as expected, when it is hardly earlier and not absurdly later. */
export function about(expected: number, milliseconds: number): string {
  return milliseconds > expected - 12 && milliseconds < expected + 400 ? `about ${expected} ms` : `${milliseconds.toFixed(1)} ms`
}

/** `yes`, once it is so; `no`, when it is not within `ms`. */
export async function soon(condition: () => boolean, ms = 3000): Promise<'yes' | 'no'> {
  return until('it', condition, ms).then(
    () => 'yes',
    () => 'no',
  )
}

/** What an end says when nothing has come to it and it is still open after a while. */
export async function quiet(end: End, ms = 250): Promise<string> {
  const before = end.got().length
  await new Promise((resolve) => setTimeout(resolve, ms))
  if (end.state() !== 'open') return end.state()
  return end.got().length === before ? 'nothing' : `${end.got().length - before} bytes`
}

/** Waits until that many bytes have come, or it has ended; says how long it took since `from`, in ms. */
export async function took(end: End, bytes: number, from: number): Promise<number> {
  await until(`${bytes} bytes`, () => end.got().length >= bytes || end.state() !== 'open')
  let sum = 0
  return (end.reads.find((read) => (sum += read.bytes) >= bytes)?.at ?? Number.NaN) - from
}

/** Numbered, so that a byte lost, doubled or out of its place shows. */
export function numbered(bytes: number): Buffer {
  const data = Buffer.alloc(bytes)
  for (let at = 0; at + 4 <= bytes; at += 4) data.writeUInt32LE(at / 4, at)
  return data
}
