/**
 * What `squall demo NAME` starts: a small system of real processes on 127.0.0.1, in two forms. One file is both the one that starts the
 * processes and, run with `--service NAME`, each of those that are ours.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A program that a target needs, and the Debian package it comes from. */
export interface NeededProgram {
  program: string
  package: string
}

export interface Target {
  /** Ports from here on are its own unless another base is asked for. */
  port: number
  needs?: { programs?: readonly NeededProgram[]; root?: true }
  start(options: StartOptions): Promise<Running>
}

export interface StartOptions {
  port: number
  /** The form that survives the fault; else the weak one. */
  survives: boolean
}

export interface Running {
  /** What the traffic asks for. */
  url: string
  /** Variables of the experiment that are not as the document has them. */
  vars: Record<string, string>
  /** One line for each process or thing that is there. */
  parts: string[]
  /** Resolves with a sentence when something ends that should not. */
  broken: Promise<string>
  /** Ends everything and removes what it made. May be called again. */
  stop(): Promise<void>
}

export interface Stage {
  survives: boolean
  /** A folder that is removed at the end. */
  folder: string
  /** The n-th port of this target. */
  port(n: number): number
  /** Starts one of our services; resolves when it listens. */
  service(name: string, options?: ServiceOptions): Promise<ChildProcess>
  /** Starts another program; resolves when something accepts at `port`. */
  program(argv: readonly [string, ...string[]], options?: ServiceOptions & { port?: number }): Promise<ChildProcess>
  /** Called at the end, last one first. */
  atEnd(work: () => Promise<void> | void): void
  /** A line for people. */
  part(line: string): void
}

export interface ServiceOptions {
  env?: Record<string, string>
  /** Become `SQUALL_LABELS`. */
  labels?: Record<string, string>
  /** It is started again so many ms after it has ended; without it its end ends the target. */
  againAfter?: number
  /** Its end is somebody's wish: nothing happens. */
  mayEnd?: true
}

interface TargetParts {
  port: number
  needs?: Target['needs']
  /** By name: what runs in a process of its own. Gets the environment; listens on `PORT`. */
  services: Readonly<Record<string, (env: NodeJS.ProcessEnv) => void>>
  start(stage: Stage): Promise<{ url: string; vars?: Record<string, string> }>
}

/** @param file `import.meta.url` of the target's own file */
export function target(file: string, parts: TargetParts): Target {
  const path = fileURLToPath(file)
  const [, main, flag, name = ''] = process.argv
  if (main === path && flag === '--service') runService(parts, name)
  const { port, needs } = parts
  return { port, ...(needs && { needs }), start: (options) => startTarget(path, parts, options) }
}

/** Ends with whoever started it: by the closed channel; `setpriv` sees to it when this process stands still. */
function runService({ services }: TargetParts, name: string): void {
  process.on('disconnect', () => process.exit(0))
  const service = services[name]
  if (!service) throw new Error(`there is no service ${name}`)
  service(process.env)
}

async function startTarget(path: string, parts: TargetParts, { port: base, survives }: StartOptions): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'squall-demo-'))
  const children = new Set<ChildProcess>()
  const endings: (() => Promise<void> | void)[] = []
  const lines: string[] = []
  const { promise: broken, resolve: breaks } = Promise.withResolvers<string>()
  let stopping: Promise<void> | undefined

  const stop = (): Promise<void> => (stopping ??= stopAll())
  async function stopAll(): Promise<void> {
    await Promise.all([...children].map(end))
    for (const ending of endings.toReversed()) await ending()
    rmSync(folder, { recursive: true, force: true })
  }

  async function start(
    argv: readonly [string, ...string[]],
    options: ServiceOptions,
    what: string,
    ready: (child: ChildProcess) => Promise<void>,
  ) {
    const labels = Object.entries(options.labels ?? {}).map(([key, value]) => `${key}=${value}`)
    const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, SQUALL_LABELS: labels.join(','), ...options.env }
    const [program, ...args] = inPath('setpriv') ? ['setpriv', '--pdeathsig', 'KILL', '--', ...argv] : argv
    const child = spawn(program, args, { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env })
    children.add(child)
    child.once('exit', (code, signal) => {
      children.delete(child)
      if (stopping || options.mayEnd) return
      if (options.againAfter === undefined) return breaks(`${what} ended by itself (${signal ?? `exit ${code}`})`)
      setTimeout(() => {
        if (!stopping) start(argv, options, what, ready).catch((error: Error) => breaks(error.message))
      }, options.againAfter)
    })
    const failed = new Promise<never>((_, reject) => {
      child.once('error', (error) => reject(new Error(`${what} did not start: ${error.message}`)))
      child.once('exit', (code, signal) => reject(new Error(`${what} did not start: ${signal ?? `exit ${code}`}`)))
    })
    failed.catch(() => {}) // After it is ready its end is told otherwise.
    await Promise.race([ready(child), failed])
    return child
  }

  const stage: Stage = {
    survives,
    folder,
    port: (n) => base + n,
    async service(name, options = {}) {
      const listens = async (child: ChildProcess): Promise<void> => void (await once(child, 'message'))
      return start([process.execPath, path, '--service', name], options, name, listens)
    },
    program(argv, options = {}) {
      const listens = (): Promise<void> => (options.port === undefined ? Promise.resolve() : untilListening(options.port))
      return start(argv, options, argv[0], listens)
    },
    atEnd: (work) => void endings.push(work),
    part: (line) => void lines.push(line),
  }
  try {
    const { url, vars = {} } = await parts.start(stage)
    return { url, vars, parts: lines, broken, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** SIGKILL: it ends a frozen process too, and nothing of a demo is worth saving. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const taken = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('close', () => socket.destroy())
      socket.once('connect', () => socket.destroy())
    })
    if (taken) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing listens on port ${port}`)
}

export function inPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)))
}
