/** The user's own injector: its code runs in a limited child, never in the guardian (`safety.md` rule 7). */
import type { Readable, Writable } from 'node:stream'
import * as z from 'zod/mini'
import { SquallError } from '../../errors.ts'
import { allowedEnvironment, type Child, startChild } from '../../system/children.ts'
import { within } from '../../system/clock.ts'
import { entryPath } from '../../system/entry.ts'
import { readMessages, sendMessage } from '../../system/lines.ts'
import type { AnyInjector, Change, Context, Json, Look, Need } from '../injector.ts'
import { moduleHash } from './module-hash.ts'
import type { ContextData, FromHost, Method, ModuleFacts, ToHost } from './module-protocol.ts'

export interface ModuleOptions {
  /** Absolute path. */
  path: string
  /** `inject`: carries `<mark>/inject`, so that a fence ends it. `rollback`: carries none. */
  role: 'inject' | 'rollback'
  mark: string
  folder: string
  /** Default 256. */
  memoryMb?: number
  /** ms a single call may take; default 30 s. A longer one ends the child. */
  callLimitMs?: number
}

export interface ModuleInjector extends AnyInjector {
  readonly path: string
  /** SHA-256 of the module and what it imports by relative path, taken before it was loaded. */
  readonly hash: string
  readonly alive: boolean
  close(): void
}

const loadLimit = 10_000
const outputLimit = 1024 * 1024

/** @throws SquallError `module-not-usable` when the file cannot be loaded as an injector */
export async function openModuleInjector(options: ModuleOptions): Promise<ModuleInjector> {
  const hash = moduleHash(options.path)
  const host = startHost(options)
  let facts: ModuleFacts
  try {
    facts = await within(host.loaded, loadLimit, () => new Error(`it did not load within ${loadLimit / 1000} s`))
  } catch (error) {
    host.close()
    throw new SquallError('module-not-usable', `${options.path} cannot be used: ${(error as Error).message}`)
  }
  const problem = timesProblem(facts)
  if (problem) {
    host.close()
    throw new SquallError('module-not-usable', `${options.path} cannot be used: ${problem}`)
  }
  const call = <T>(method: Method, args: unknown[], context?: Context<Json>): Promise<T> =>
    host.call(method, args as Json[], context) as Promise<T>
  return {
    type: facts.type,
    places: ['none'],
    spec: z.record(z.string(), z.unknown()),
    ...(facts.instant ? { instant: true as const } : {}),
    ...(facts.settle ? { settle: facts.settle as NonNullable<AnyInjector['settle']> } : {}),
    ...(facts.patience ? { patience: facts.patience as NonNullable<AnyInjector['patience']> } : {}),
    path: options.path,
    hash,
    get alive() {
      return host.alive()
    },
    close: host.close,
    // The contract's `needs` is not a promise; who asks a module awaits it.
    needs: (spec) => call<Need[]>('needs', [spec]) as unknown as Need[],
    plan: (spec, target, context) => call<Change<Json>>('plan', [spec, target], context),
    inject: (state, context) => call<void>('inject', [state], context),
    rollback: (state, context) => call<void>('rollback', [state], context),
    look: (state, context) => call<Look>('look', [state], context),
  }
}

/** A time that cannot be read would be noticed only when the fault has to be undone. */
function timesProblem({ settle, patience }: ModuleFacts): string | null {
  const times = Object.entries({ settle, 'patience.inject': patience?.inject, 'patience.rollback': patience?.rollback })
  const wrong = times.find(([, text]) => text !== undefined && !/^\d+(\.\d+)?(ms|s|m|h)$/.test(String(text)))
  return wrong ? `${wrong[0]} is “${String(wrong[1])}”, not a duration such as 30s` : null
}

interface Host {
  loaded: Promise<ModuleFacts>
  alive(): boolean
  call(method: Method, args: Json[], context?: Context<Json>): Promise<Json>
  close(): void
}

interface Pending {
  resolve(value: Json): void
  reject(error: Error): void
  context: Context<Json> | undefined
}

function startHost(options: ModuleOptions): Host {
  const memory = options.memoryMb ?? 256
  const child = startChild({
    argv: [
      process.execPath,
      `--max-old-space-size=${memory}`,
      '--disable-warning=ExperimentalWarning',
      entryPath('module-host'),
      options.path,
    ],
    cwd: options.folder,
    env: allowedEnvironment(),
    role: 'module-host',
    ...(options.role === 'inject' ? { mark: `${options.mark}/inject`, dieWithParent: true } : {}),
    limits: { data: (memory + 1024) * 1024 * 1024 },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  })
  const pending = new Map<number, Pending>()
  let calls = 0
  let ended: Error | null = null
  let onLoaded: (facts: ModuleFacts) => void = () => {}
  let onUnusable: (error: Error) => void = () => {}
  const loaded = new Promise<ModuleFacts>((resolve, reject) => {
    onLoaded = resolve
    onUnusable = reject
  })
  loaded.catch(() => {}) // Awaited by whoever opens it; an early end must not be unhandled.
  const said = watchOutput(child)
  const [toHost, fromHost] = [child.process?.stdio[3] as Writable | undefined, child.process?.stdio[4] as Readable | undefined]
  const send = (message: ToHost): void => {
    if (toHost) sendMessage(toHost, message)
  }
  toHost?.on('error', () => {}) // Its exit tells.
  void child.exited.then((exit) => {
    const how = exit.failed?.message ?? (exit.signal ? `ended by ${exit.signal}` : `ended with ${exit.code}`)
    ended = new SquallError('user-code-died', `the module's process ${how}${said() ? `: ${said()}` : ''}`)
    onUnusable(ended)
    for (const one of pending.values()) one.reject(ended)
    pending.clear()
  })
  if (fromHost) readMessages<FromHost>(fromHost, receive, () => child.kill())

  function receive(message: FromHost): void {
    if ('loaded' in message) onLoaded(message.loaded)
    else if ('unusable' in message) onUnusable(new Error(message.unusable))
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
  async function serve({ ask, call, what, value }: Extract<FromHost, { ask: number }>): Promise<void> {
    const context = pending.get(call)?.context
    try {
      if (!context) throw new Error('the call is over')
      const answer =
        what === 'secret' ? await context.secret(String(value)) : what === 'save' ? await context.save(value) : context.random()
      send({ reply: ask, ok: true, value: answer ?? null })
    } catch (error) {
      send({ reply: ask, ok: false, value: (error as Error).message })
    }
  }

  return {
    loaded,
    alive: () => ended === null,
    close: () => child.kill(),
    async call(method, args, context) {
      if (ended) throw ended
      const id = ++calls
      const limit = options.callLimitMs ?? 30_000
      const answer = new Promise<Json>((resolve, reject) => pending.set(id, { resolve, reject, context }))
      const abort = (): void => send({ abort: id })
      if (method === 'inject') context?.signal.addEventListener('abort', abort, { once: true })
      const data: ContextData | undefined = context && { mark: context.mark, deadline: context.deadline.getTime(), folder: context.folder }
      send({ call: id, method, args, ...(data ? { context: data } : {}) })
      try {
        return await within(answer, limit, () => {
          child.kill() // It may be in an endless loop: nothing else would end it.
          return new SquallError('user-code-died', `the module's ${method} took longer than ${limit / 1000} s`)
        })
      } finally {
        pending.delete(id)
        context?.signal.removeEventListener('abort', abort)
      }
    },
  }
}

/** Reads what the user's code prints, so that no pipe fills up; too much ends the child. Gives its last line. */
function watchOutput(child: Child): () => string {
  let size = 0
  let tail = ''
  for (const stream of [child.process?.stdout, child.process?.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      size += chunk.length
      tail = (tail + chunk.toString('utf8')).slice(-2000)
      if (size > outputLimit) child.kill()
    })
    stream?.on('error', () => {})
  }
  return () => tail.trim().split('\n').at(-1) ?? ''
}
