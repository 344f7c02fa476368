/** A server to put the suite to: the real Toxiproxy, or ours. Each in a process of its own, on a free port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { findInstalled } from '../../../scripts/lib/components.ts'
import { freePort } from '../../helpers/free-port.ts'
import { endProcess, until } from '../../helpers/processes.ts'
import { squall } from '../stage.ts'
import { call } from './call.ts'

export type Which = 'toxiproxy' | 'squall'

export interface Subject {
  is: Which
  /** Of its API. */
  port: number
  url: string
  pid: number
  /** null while it runs. */
  ended(): number | string | null
  /** What it has written so far. */
  said(): { stdout: string; stderr: string }
  /** Ends as told by the signal, and gives the exit code or the signal. */
  end(signal?: NodeJS.Signals): Promise<number | string | null>
}

/** Why the real one cannot be asked here; false: it can. */
export const withoutToxiproxy: string | false = findInstalled('toxiproxy-server') ? false : 'toxiproxy-server is not installed'

/** @param flags further ones, after -port */
export async function startSubject(is: Which, flags: readonly string[] = [], env: Record<string, string> = {}): Promise<Subject> {
  const port = await freePort()
  const own = ['-port', String(port), ...flags]
  const [program, ...argv] =
    is === 'squall' ? [process.execPath, squall, 'proxy', ...own] : [findInstalled('toxiproxy-server') as string, ...own]
  const child: ChildProcess = spawn(program as string, argv, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  const said = { stdout: '', stderr: '' }
  child.stdout?.on('data', (data: Buffer) => (said.stdout += data.toString()))
  child.stderr?.on('data', (data: Buffer) => (said.stderr += data.toString()))
  const ended = (): number | string | null => child.exitCode ?? child.signalCode
  const subject: Subject = {
    is,
    port,
    url: `http://127.0.0.1:${port}`,
    pid: child.pid as number,
    ended,
    said: () => ({ ...said }),
    async end(signal = 'SIGKILL') {
      if (signal !== 'SIGKILL') {
        child.kill(signal)
        await until(`the end after ${signal}`, () => ended() !== null)
      }
      await endProcess(child)
      return ended()
    },
  }
  try {
    await until('the server to answer', async () => ended() !== null || (await call(port, 'GET /version')).status === 200)
  } catch (error) {
    await subject.end()
    throw error
  }
  if (ended() !== null) throw new Error(`it ended at once: ${said.stderr}${said.stdout}`)
  return subject
}
