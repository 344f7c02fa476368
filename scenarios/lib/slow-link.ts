/** A TCP link on loopback over which everything arrives some time later, in order: two servers that are far apart. What is under way is lost when one of them dies. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface SlowLink {
  port: number
  end(): Promise<void>
}

/** `ms` each way. */
export async function openSlowLink(to: number, ms: number): Promise<SlowLink> {
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.setNoDelay(true)
      one.on('data', (chunk) => setTimeout(() => other.writable && other.write(chunk), ms))
      one.on('error', () => {}) // Its close follows.
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async end() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
