/** A way to a socket that takes its time: what was sent arrives so much later, also when its sender is dead by then. */
import { connect, createServer } from 'node:net'

/** Returns when it listens; `end` closes it. */
export async function slowSocket(from: string, to: string, ms: number): Promise<{ end(): void }> {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ path: to, allowHalfOpen: true })
    sockets.add(near).add(far)
    near.on('data', (data: Buffer) => setTimeout(() => far.write(data), ms))
    near.on('close', () => setTimeout(() => far.end(), ms))
    far.on('data', (data: Buffer) => near.write(data))
    far.on('end', () => near.end())
    for (const one of [near, far]) one.on('error', () => {}) // Whoever was killed is not asked.
  })
  await new Promise<void>((resolve) => server.listen(from, resolve))
  return {
    end() {
      for (const one of sockets) one.destroy()
      server.close()
    },
  }
}
