/** A user's module in a limited child: its code never runs in the process that needs it (`safety.md` rule 7). */
import type { Readable, Writable } from 'node:stream'
import { SquallError } from '../errors.ts'
import { allowedEnvironment, type Child, startChild } from './children.ts'
import { within } from './clock.ts'
import { entryPath } from './entry.ts'
import { readMessages, sendMessage } from './lines.ts'
import { masked } from './masking.ts'
import type { FromHost, ToHost } from './user-code-protocol.ts'

export interface UserCodeOptions {
  /** Which of our entries serves the module; see `user-code-host.ts`. */
  entry: string
  /** Absolute path of the module. */
  path: string
  /** Its working directory. */
  folder: string
  /** Default 256. */
  memoryMb?: number
  /** ms a single call may take. A longer one ends the child. */
  callLimitMs: number
  mark?: string
  dieWithParent?: boolean
}

/** What a call may ask of us while it runs. */
export interface CallContext {
  /** The parts that are plain data: sent along. */
  data: unknown
  /** Its abort is passed on. */
  signal?: AbortSignal
  log(line: string): void
  /** Answers a question of the module; a rejection reaches it as an error. */
  answer(what: string, value: unknown): unknown
}

export interface UserCode<Facts> {
  /** Rejects when the file cannot be used, or does not load within 10 s. */
  readonly loaded: Promise<Facts>
  readonly alive: boolean
  /** @throws SquallError `user-code-died` when the child ended or had to be ended; what the code throws arrives as its message */
  call(method: string, args: readonly unknown[], context?: CallContext): Promise<unknown>
  close(): void
}

const loadLimit = 10_000
const outputLimit = 1024 * 1024

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
  context: CallContext | undefined
}

export function startUserCode<Facts>(options: UserCodeOptions): UserCode<Facts> {
  const child = startChild(childOptions(options))
  const pending = new Map<number, Pending>()
  let calls = 0
  let ended: Error | null = null
  const facts = Promise.withResolvers<Facts>()
  const said = watchOutput(child)
  const [toHost, fromHost] = [child.process?.stdio[3] as Writable | undefined, child.process?.stdio[4] as Readable | undefined]
  const send = (message: ToHost): void => {
    if (toHost) sendMessage(toHost, message)
  }
  toHost?.on('error', () => {}) // Its exit tells.
  void child.exited.then((exit) => {
    const how = exit.failed?.message ?? (exit.signal ? `ended by ${exit.signal}` : `ended with ${exit.code}`)
    ended ??= new SquallError('user-code-died', `the module's process ${how}${said() ? `: ${said()}` : ''}`)
    facts.reject(ended)
    for (const one of pending.values()) one.reject(ended)
    pending.clear()
  })
  if (fromHost) readMessages<FromHost<Facts>>(fromHost, receive, () => child.kill())
  const loaded = within(facts.promise, loadLimit, () => new Error(`it did not load within ${loadLimit / 1000} s`))
  loaded.catch(() => {}) // Awaited by whoever opens it; an early end must not be unhandled.

  function receive(message: FromHost<Facts>): void {
    if ('loaded' in message) facts.resolve(message.loaded)
    else if ('unusable' in message) facts.reject(new Error(message.unusable))
    else if ('log' in message) for (const one of pending.values()) one.context?.log(message.log)
    else if ('ask' in message) void serve(message)
    else {
      const one = pending.get(message.call)
      pending.delete(message.call)
      if (message.ok) one?.resolve(message.value)
      else one?.reject(new Error(message.message))
    }
  }

  /** What the module asks of its context. */
  async function serve({ ask, call, what, value }: Extract<FromHost<Facts>, { ask: number }>): Promise<void> {
    const context = pending.get(call)?.context
    try {
      if (!context) throw new Error('the call is over')
      send({ reply: ask, ok: true, value: (await context.answer(what, value)) ?? null })
    } catch (error) {
      send({ reply: ask, ok: false, value: (error as Error).message })
    }
  }

  return {
    loaded,
    get alive() {
      return ended === null
    },
    close: () => child.kill(),
    async call(method, args, context) {
      if (ended) throw ended
      const id = ++calls
      const limit = options.callLimitMs
      const answer = new Promise<unknown>((resolve, reject) => pending.set(id, { resolve, reject, context }))
      const abort = (): void => send({ abort: id })
      context?.signal?.addEventListener('abort', abort, { once: true })
      send({ call: id, method, args: [...args], ...(context ? { context: context.data } : {}) })
      try {
        return await within(answer, limit, () => {
          child.kill() // It may be in an endless loop: nothing else would end it.
          ended ??= new SquallError('user-code-died', `the module's ${method} took longer than ${limit / 1000} s`)
          return ended
        })
      } finally {
        pending.delete(id)
        context?.signal?.removeEventListener('abort', abort)
      }
    },
  }
}

function childOptions(options: UserCodeOptions): Parameters<typeof startChild>[0] {
  const memory = options.memoryMb ?? 256
  return {
    argv: [
      process.execPath,
      `--max-old-space-size=${memory}`,
      '--disable-warning=ExperimentalWarning',
      entryPath(options.entry),
      options.path,
    ],
    cwd: options.folder,
    env: allowedEnvironment(),
    role: options.entry,
    ...(options.mark === undefined ? {} : { mark: options.mark }),
    ...(options.dieWithParent ? { dieWithParent: true } : {}),
    limits: { data: (memory + 1024) * 1024 * 1024 },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  }
}

/** Reads what the user's code prints, so that no pipe fills up; too much ends the child. Gives its last line. */
function watchOutput(child: Child): () => string {
  let size = 0
  let tail = ''
  for (const stream of [child.process?.stdout, child.process?.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      size += chunk.length
      tail = masked(tail + chunk.toString('utf8')).slice(-2000) // Half a secret would not be found later.
      if (size > outputLimit) child.kill()
    })
    stream?.on('error', () => {})
  }
  return () => tail.trim().split('\n').at(-1) ?? ''
}
