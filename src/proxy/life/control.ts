/** The control socket's server: says hello, answers each line, tells when a connection is over. */
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { SquallError } from '../../errors.ts'
import { readMessages, sendMessage } from '../../system/lines.ts'
import { socketAddress } from '../../system/socket-address.ts'
import type { Answered, Asked, Hello, ProxyRequest } from './protocol.ts'

export interface ControlParts {
  hello(): Hello
  /** @throws what is said to the one who asked */
  answer(by: Socket, request: ProxyRequest): unknown
  /** At once when the other side is gone, however that came about. */
  ended(by: Socket): void
}

export interface ProxyControl {
  /** Takes no new connections. Those that are there end with the process: so whoever waits for its end sees it. */
  close(): void
}

/** Answers that wait for somebody who does not read them. */
const unreadLimit = 8 * 1024 * 1024

/** The caller holds the proxy's lock: a socket file that is there is a dead one's. */
export function serveProxyControl(path: string, parts: ControlParts): Promise<ProxyControl> {
  rmSync(path, { force: true })
  const { address, done } = socketAddress(path)
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    const over = (): void => {
      if (!open.delete(socket)) return
      parts.ended(socket)
      socket.destroySoon()
    }
    socket.on('error', () => {}) // Its close tells.
    socket.once('end', over)
    socket.once('close', over)
    sendMessage(socket, parts.hello())
    readMessages<Asked>(
      socket,
      (asked) => {
        sendMessage(
          socket,
          answered(asked, () => parts.answer(socket, asked)),
        )
        if (socket.writableLength > unreadLimit) socket.destroy()
      },
      () => socket.destroy(),
    )
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, () => {
      chmodSync(path, 0o600)
      done()
      resolve({
        close: () => void server.close(),
      })
    })
  })
}

function answered({ n }: Asked, answer: () => unknown): Answered {
  try {
    return { n, ok: true, value: answer() }
  } catch (error) {
    const code = error instanceof SquallError ? error.code : 'proxy-failed'
    return { n, ok: false, error: { code, message: error instanceof Error ? error.message : String(error) } }
  }
}
