/** The guardian's Unix socket: `halt`, `rollback` and `status` from other commands of the same user. One line in, one line out. */
import { rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { ChangeState } from '../records/run-data.ts'
import { sleep } from '../system/clock.ts'
import { socketAddress } from '../system/socket-address.ts'

export interface ControlRequest {
  ask: 'status' | 'rollback' | 'halt'
}

export interface ControlAnswer {
  run: string
  changes: { key: string; state: ChangeState; why?: string }[]
  /** Every change has come to its end or is known to be stuck. */
  settled: boolean
}

export interface ControlServer {
  /** Sends the answers that are due, 1 s at most, and stops listening. */
  close(): Promise<void>
}

/** Answers each line; the promise of `answer` may take long (it waits for the rollback). */
export function serveControl(path: string, answer: (request: ControlRequest) => Promise<ControlAnswer>): Promise<ControlServer> {
  rmSync(path, { force: true }) // The caller holds the run's lock: nobody can be listening here.
  const { address, done } = socketAddress(path)
  const due = new Set<Promise<void>>()
  const server = createServer((socket) => {
    socket.on('error', () => {}) // The other side went away: nothing to tell it.
    readLine(socket, (line) => {
      const request = parse<ControlRequest>(line)
      if (!request) return void socket.destroy()
      const sent = answer(request).then((value) => new Promise<void>((resolve) => socket.end(`${JSON.stringify(value)}\n`, resolve)))
      due.add(sent)
      void sent.finally(() => due.delete(sent))
    })
  })
  const close = async (): Promise<void> => {
    await Promise.race([Promise.allSettled(due), sleep(1_000)])
    server.close()
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, () => {
      done()
      resolve({ close })
    })
  })
}

/** Null when nobody answers within `ms`: dead, stopped or too busy. */
export function askControl(path: string, request: ControlRequest, ms: number): Promise<ControlAnswer | null> {
  const { address, done } = socketAddress(path)
  return new Promise((resolve) => {
    const socket = connect(address)
    const finish = (value: ControlAnswer | null): void => {
      clearTimeout(timer)
      socket.destroy()
      done()
      resolve(value)
    }
    const timer = setTimeout(() => finish(null), ms)
    socket.on('error', () => finish(null))
    socket.on('close', () => finish(null))
    readLine(socket, (line) => finish(parse<ControlAnswer>(line)))
    socket.write(`${JSON.stringify(request)}\n`)
  })
}

function readLine(socket: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let text = ''
  socket.on('data', (chunk: Buffer | string) => {
    text += chunk.toString()
    const end = text.indexOf('\n')
    if (end !== -1) onLine(text.slice(0, end))
    else if (text.length > 65_536) (socket as NodeJS.ReadStream).destroy()
  })
}

function parse<T>(line: string): T | null {
  try {
    return JSON.parse(line) as T
  } catch {
    return null
  }
}
