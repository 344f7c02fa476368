/** A server to put the suite to: the real Toxiproxy, or ours. Each in a process of its own, on a free port. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
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

/** How it is started, without flags. */
export function commandOf(is: Which): [string, ...string[]] {
  return is === 'squall' ? [process.execPath, squall, 'proxy'] : [findInstalled('toxiproxy-server') as string]
}

/** @param flags further ones, after -port  @param wait false: not until it answers */
export async function startSubject(
  is: Which,
  flags: readonly string[] = [],
  env: Record<string, string> = {},
  { wait = true } = {},
): Promise<Subject> {
  const port = await freePort()
  const [program, ...argv] = commandOf(is)
  const options: SpawnOptions = { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } }
  const child: ChildProcess = spawn(program, [...argv, '-port', String(port), ...flags], options)
  const said = { stdout: '', stderr: '' }
  child.stdout?.on('data', (data: Buffer) => (said.stdout += data.toString()))
  child.stderr?.on('data', (data: Buffer) => (said.stderr += data.toString()))
  const ended = (): number | string | null => child.exitCode ?? child.signalCode
  let killed: Promise<void> | undefined
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
      await (killed ??= endProcess(child))
      return ended()
    },
  }
  if (!wait) return subject
  try {
    const answers = async (): Promise<boolean> => (await call(port, 'GET /version', { timeLimit: 2000 })).status === 200
    await until('the server to answer', async () => ended() !== null || (await answers()), 30_000)
  } catch (error) {
    await subject.end()
    throw error
  }
  if (ended() !== null) throw new Error(`it ended at once: ${said.stderr}${said.stdout}`)
  return subject
}
