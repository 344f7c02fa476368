/** A port of ours in front of one DNS server: UDP and TCP. What no rule is about is passed on, and so is its answer. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { connect, createServer, isIP, type Server, type Socket } from 'node:net'
import { sleep } from '../../system/clock.ts'
import type { Response } from './respond.ts'
import { familyOf } from './table.ts'

/** ms that a real server may take. */
const patience = 10_000

/** Returns the port. */
export async function serve(server: string, respond: (query: Buffer) => Response): Promise<number> {
  const { loopback } = familyOf(server)
  for (;;) {
    const udp = createSocket(isIP(server) === 6 ? 'udp6' : 'udp4')
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject)
      udp.bind(0, loopback, resolve)
    })
    const { port } = udp.address()
    const tcp = createServer((socket) => void serveTcp(socket, server, respond))
    if (await listens(tcp, port, loopback)) {
      udp.on('error', () => {}) // A caller has gone.
      udp.on('message', (query, { port: from, address }) => void answerUdp(udp, query, from, address, server, respond))
      return port
    }
    udp.close() // Somebody else has this port for TCP.
  }
}

function listens(tcp: Server, port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    tcp.once('error', () => resolve(false))
    tcp.listen(port, host, () => resolve(true))
  })
}

type Respond = (query: Buffer) => Response

async function answerUdp(udp: UdpSocket, query: Buffer, port: number, address: string, server: string, respond: Respond): Promise<void> {
  const response = respond(query)
  await sleep(response.wait)
  const message = 'message' in response ? response.message : 'forward' in response ? await askUdp(server, query) : null
  if (message) udp.send(message, port, address)
}

/** Null: no answer came. */
function askUdp(server: string, query: Buffer): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(server) === 6 ? 'udp6' : 'udp4')
    const end = (answer: Buffer | null): void => {
      clearTimeout(timer)
      socket.close()
      resolve(answer)
    }
    const timer = setTimeout(end, patience, null)
    socket.once('error', () => end(null))
    socket.once('message', end)
    socket.send(query, 53, server)
  })
}

/** Messages of a connection, each with its length before it, are answered one after the other. */
async function serveTcp(socket: Socket, server: string, respond: Respond): Promise<void> {
  socket.on('error', () => socket.destroy())
  try {
    for await (const query of messages(socket)) {
      const response = respond(query)
      await sleep(response.wait)
      if ('silence' in response) continue
      const message = 'message' in response ? response.message : await askTcp(server, query)
      if (!message) break
      socket.write(withLength(message))
    }
  } catch {
    // The caller has gone.
  }
  socket.destroy()
}

async function askTcp(server: string, query: Buffer): Promise<Buffer | null> {
  const socket = connect(53, server)
  socket.on('error', () => socket.destroy())
  socket.setTimeout(patience, () => socket.destroy())
  socket.write(withLength(query))
  try {
    for await (const answer of messages(socket)) return answer
  } catch {
    // It ended in the middle.
  } finally {
    socket.destroy()
  }
  return null
}

async function* messages(socket: Socket): AsyncGenerator<Buffer> {
  let read = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    read = Buffer.concat([read, chunk])
    while (read.length >= 2 && read.length >= 2 + read.readUInt16BE(0)) {
      const end = 2 + read.readUInt16BE(0)
      yield read.subarray(2, end)
      read = read.subarray(end)
    }
  }
}

function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}
