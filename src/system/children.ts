/** The one place that starts programs: argument vectors, never a shell (`safety.md` rule 8). */
import { type ChildProcess, type IOType, spawn } from 'node:child_process'
import { accessSync, constants, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Readable, Stream } from 'node:stream'
import { becomeSpareChild } from './spare-child.ts'

export interface ChildOptions {
  argv: readonly [string, ...string[]]
  cwd?: string
  /** The whole environment; default `allowedEnvironment()`. */
  env?: Record<string, string>
  /** `SQUALL_MARK`, by which a fence or a sweep finds the process again. Without it the child carries no mark, even if we do. */
  mark?: string
  /** Squall's own code: it is never a target (`SQUALL_ROLE`). */
  role?: string
  /** The kernel kills it when we die. Only from the main thread: the signal follows the *thread* that forked. */
  dieWithParent?: boolean
  /** ms; then the whole group is killed. */
  timeLimit?: number
  /** Bytes kept of each of stdout and stderr by `runChild`; more kills the group. Default 1 MiB. */
  outputLimit?: number
  /** First victim of the kernel when memory runs out. */
  oomFirst?: boolean
  /** Upper limits set by prlimit: bytes of data, seconds of CPU. */
  limits?: { data?: number; cpuSeconds?: number }
  stdio?: (IOType | 'ipc' | Stream | number | null)[]
}

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
  /** Set when it could not be started at all. */
  failed?: Error
}

export interface Child {
  readonly process: ChildProcess
  readonly pid: number | undefined
  readonly exited: Promise<Exit>
  /** Signals its whole process group; gone already is fine. */
  kill(signal?: NodeJS.Signals): void
}

const docker = ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_CERT_PATH', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY']
const passedOn = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'XDG_RUNTIME_DIR', 'KUBECONFIG', ...docker]

/** What children get to see of our environment: nothing that could be a secret or a mark. */
export function allowedEnvironment(more: readonly string[] = []): Record<string, string> {
  const env: Record<string, string> = {}
  for (const name of [...passedOn, ...more]) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return env
}

/** The program's absolute path, or null: to say early and clearly what is missing. */
export function findProgram(name: string, path = process.env.PATH ?? ''): string | null {
  const candidates = name.includes('/') ? [name] : path.split(delimiter).map((folder) => join(folder || '.', name))
  return candidates.find((candidate) => executable(candidate)) ?? null
}

/** The same, also where Debian keeps what belongs to the system: outside the PATH of users, services and timers. */
export function findSystemProgram(name: string): string | null {
  return findProgram(name, `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`)
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Starts a program as leader of its own session and process group. Never throws: a failed start shows in `exited`. */
export function startChild(options: ChildOptions): Child {
  const argv = wrapped(options)
  const env = { ...(options.env ?? allowedEnvironment()) }
  delete env.SQUALL_MARK
  if (options.mark !== undefined) env.SQUALL_MARK = options.mark
  if (options.role !== undefined) env.SQUALL_ROLE = options.role
  const cwd = options.cwd ?? '/'
  const child = spawnOrSpare(argv, { cwd, env, detached: true, stdio: options.stdio ?? ['ignore', 'pipe', 'pipe'] })
  if (child instanceof Error)
    return { process: undefined as never, pid: undefined, exited: Promise.resolve(failedExit(child)), kill: () => {} }
  const kill = (signal: NodeJS.Signals = 'SIGKILL'): void => {
    try {
      signalGroup(child.pid, signal)
    } catch (error) {
      // It has become another user's (sudo): a timer that throws would end us. Its end, or that it does not come, is what tells.
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
    }
  }
  let timer: NodeJS.Timeout | undefined
  if (options.timeLimit !== undefined) timer = setTimeout(kill, options.timeLimit)
  if (options.oomFirst && child.pid !== undefined) raiseOomScore(child.pid)
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      clearTimeout(timer)
      resolve(failedExit(error))
    })
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal })
    })
  })
  return { process: child, pid: child.pid, exited, kill }
}

interface SpawnSettings {
  cwd: string
  env: Record<string, string>
  detached: true
  stdio: (IOType | 'ipc' | Stream | number | null)[]
}

/** At the limit on processes or descriptors the child that was kept ready takes the place of a new one. */
function spawnOrSpare([program, ...args]: readonly [string, ...string[]], settings: SpawnSettings): ChildProcess | Error {
  let child: ChildProcess
  try {
    child = spawn(program, args, settings)
  } catch (error) {
    return takeSpare(program, args, settings) ?? (error as Error)
  }
  if (child.pid !== undefined) return child
  const spare = takeSpare(program, args, settings)
  if (!spare) return child
  child.on('error', () => {}) // The spare one has taken its place.
  return spare
}

function takeSpare(program: string, args: readonly string[], { cwd, env }: SpawnSettings): ChildProcess | null {
  const path = findProgram(program, env.PATH ?? process.env.PATH)
  return path ? becomeSpareChild([path, ...args], cwd, env) : null
}

export interface Finished extends Exit {
  stdout: string
  stderr: string
  timedOut: boolean
  /** Output went over the limit: the group was killed. */
  tooMuch: boolean
}

/** Runs a program to its end and collects what it prints. */
export async function runChild(options: ChildOptions & { input?: string; signal?: AbortSignal }): Promise<Finished> {
  const started = performance.now()
  const child = startChild({ ...options, stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] })
  const limit = options.outputLimit ?? 1024 * 1024
  let tooMuch = false
  const onAbort = (): void => child.kill()
  options.signal?.addEventListener('abort', onAbort, { once: true })
  if (options.signal?.aborted) child.kill()
  const over = (): void => {
    tooMuch = true
    child.kill()
  }
  const [stdout, stderr] = [collect(child.process?.stdout, limit, over), collect(child.process?.stderr, limit, over)]
  if (options.input !== undefined && child.process?.stdin) {
    child.process.stdin.on('error', () => {}) // The child may end without reading: its exit tells.
    child.process.stdin.end(options.input)
  }
  const exit = await child.exited
  options.signal?.removeEventListener('abort', onAbort)
  // A grandchild may keep the pipes open after the child's end: what has arrived a moment later is what counts.
  const lateTimer = setTimeout(() => {
    child.process?.stdout?.destroy()
    child.process?.stderr?.destroy()
  }, 200)
  const [out, err] = await Promise.all([stdout, stderr])
  clearTimeout(lateTimer)
  const timedOut = options.timeLimit !== undefined && exit.signal === 'SIGKILL' && performance.now() - started >= options.timeLimit
  return { ...exit, stdout: out, stderr: err, timedOut, tooMuch }
}

function collect(stream: Readable | null | undefined, limit: number, over: () => void): Promise<string> {
  if (!stream) return Promise.resolve('')
  const chunks: Buffer[] = []
  let size = 0
  return new Promise((resolve) => {
    const finish = (): void => resolve(Buffer.concat(chunks).subarray(0, limit).toString('utf8'))
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) over()
      else chunks.push(chunk)
    })
    stream.once('close', finish)
    stream.once('error', finish)
    stream.once('end', finish)
  })
}

/** Signals a whole process group; no such group is fine, anything else is thrown. */
export function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined || pid <= 1) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function wrapped(options: ChildOptions): readonly [string, ...string[]] {
  let argv = options.argv
  const prlimit = options.limits && findProgram('prlimit')
  if (prlimit && options.limits) {
    const { data, cpuSeconds } = options.limits
    const flags = [data === undefined ? [] : [`--data=${data}`], cpuSeconds === undefined ? [] : [`--cpu=${cpuSeconds}`]].flat()
    argv = [prlimit, '--core=0', ...flags, '--', ...argv]
  }
  const setpriv = options.dieWithParent && findProgram('setpriv')
  return setpriv ? [setpriv, '--pdeathsig', 'KILL', '--', ...argv] : argv
}

function raiseOomScore(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000')
  } catch {
    // Not Linux, or gone already: it is a courtesy to the rest of the machine, not a promise.
  }
}

function failedExit(error: unknown): Exit {
  return { code: null, signal: null, failed: error as Error }
}
