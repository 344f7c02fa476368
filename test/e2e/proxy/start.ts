/** Starts a proxy, or peers in Python, as processes that are spoken to a line at a time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ConnectionStatus, ProxyFault, ProxyStatus } from '../../../src/proxy/fault.ts'
import { endProcess } from '../../helpers/processes.ts'
import type { Order } from './proxy-process.ts'

export interface Talking {
  pid: number
  /** The next line it says. Rejects when it ends first. */
  next(): Promise<string>
  /** Says a line and waits for the answer; one question after the other. */
  ask(line: unknown): Promise<unknown>
  ended(): boolean
  end(): Promise<void>
}

export function startTalking(program: string, args: readonly string[]): Talking {
  const child: ChildProcess = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const said: string[] = []
  const waiting: PromiseWithResolvers<string>[] = []
  const { stdin, stdout } = child
  if (!stdin || !stdout) throw new Error(`${program} cannot be spoken to`)
  stdin.on('error', () => {}) // It has ended: the next answer tells.
  createInterface({ input: stdout }).on('line', (line) => {
    const first = waiting.shift()
    if (first) first.resolve(line)
    else said.push(line)
  })
  const over = (): void => waiting.splice(0).forEach(({ reject }) => reject(new Error(`${args[0]} has ended`)))
  child.once('close', over)
  const next = (): Promise<string> => {
    const line = said.shift()
    if (line !== undefined) return Promise.resolve(line)
    const answer = Promise.withResolvers<string>()
    waiting.push(answer)
    if (child.exitCode !== null || child.signalCode !== null) over()
    return answer.promise
  }
  return {
    pid: child.pid as number,
    next,
    async ask(line) {
      stdin.write(`${JSON.stringify(line)}\n`)
      return JSON.parse(await next())
    },
    ended: () => child.exitCode !== null || child.signalCode !== null,
    end: () => endProcess(child),
  }
}

export const startPeers = (script: string, ...args: string[]): Talking =>
  startTalking('python3', [join(import.meta.dirname, script), ...args])

export interface ProxyProcess extends Pick<Talking, 'pid' | 'ended' | 'end'> {
  /** As an address to connect to. */
  listen: string
  put(fault: ProxyFault): Promise<void>
  remove(id: string): Promise<boolean>
  status(): Promise<ProxyStatus>
  connections(): Promise<ConnectionStatus[]>
  /** How many descriptors are open. */
  descriptors(): number
  /** Bytes in memory. */
  memory(): number
}

export async function startProxyProcess(
  upstream: string,
  carries: 'bytes' | 'http' = 'bytes',
  listen = '127.0.0.1:0',
  /** How many descriptors it may have open. */
  most?: number,
): Promise<ProxyProcess> {
  const argv = [process.execPath, join(import.meta.dirname, 'proxy-process.ts'), upstream, carries, listen]
  const process_ =
    most === undefined ? startTalking(process.execPath, argv.slice(1)) : startTalking('prlimit', [`--nofile=${most}`, ...argv])
  const { value: address } = JSON.parse(await process_.next()) as { value: string }
  const order = async <T>(what: Order): Promise<T> => {
    const { value, error } = (await process_.ask(what)) as { value: T; error?: string }
    if (error !== undefined) throw new Error(error)
    return value
  }
  return {
    ...process_,
    listen: address,
    put: (fault) => order({ put: fault }),
    remove: (id) => order({ remove: id }),
    status: () => order({ ask: 'status' }),
    connections: () => order({ ask: 'connections' }),
    descriptors: () => readdirSync(`/proc/${process_.pid}/fd`).length,
    memory: () => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${process_.pid}/status`, 'latin1'))?.[1]) * 1024,
  }
}
