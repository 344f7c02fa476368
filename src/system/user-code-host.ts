/** The child's side of `user-code.ts`: loads one user's module and answers calls. Requests come on descriptor 3, answers go to 4. */
import { Socket } from 'node:net'
import { pathToFileURL } from 'node:url'
import { endProcess } from './exit.ts'
import { readMessages, sendMessage } from './lines.ts'
import type { FromHost, ToHost } from './user-code-protocol.ts'

/** One call as the module's context is made from it. */
export interface Call {
  /** What the caller sent along. */
  readonly data: unknown
  readonly signal: AbortSignal
  log(line: string): void
  /** Asks the caller's context. */
  ask(what: string, value: unknown): Promise<unknown>
}

export interface Service<Facts> {
  /** What the module's default export says of itself. Throws what is wrong with it. */
  accept(found: Record<string, unknown>): Facts
  /** `call` is absent when the caller sent no context. */
  run(found: Record<string, unknown>, method: string, args: unknown[], call: Call | undefined): unknown
}

/** Serves the module until the caller is gone. For the top of an entry: what the module leaves running ends with this process. */
export async function serveUserCode<Facts>(path: string, { accept, run }: Service<Facts>): Promise<void> {
  delete process.env.SQUALL_ROLE // What the user's code starts is not ours.
  // Sockets, not files: a file's read waits in a thread, and `process.exit` in the user's code would wait for that thread.
  const output = new Socket({ fd: 4, readable: false, writable: true })
  output.on('error', () => endProcess(0)) // The caller is gone.
  const say = (message: FromHost<Facts>): void => sendMessage(output, message)
  const input = new Socket({ fd: 3, readable: true, writable: false })
  input.on('error', () => {}) // Its close tells.
  input.on('close', () => endProcess(0))
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const running = new Map<number, AbortController>()
  let asked = 0

  const found = await load()
  readMessages<ToHost>(
    input,
    (message) => {
      if ('abort' in message) running.get(message.abort)?.abort()
      else if ('reply' in message) settle(message)
      else void answer(message)
    },
    () => {},
  )

  async function load(): Promise<Record<string, unknown>> {
    try {
      const module = (await import(pathToFileURL(path).href)) as { default?: Record<string, unknown> }
      const exported = module.default ?? {}
      say({ loaded: accept(exported) })
      return exported
    } catch (error) {
      say({ unusable: (error as Error).message })
      return {}
    }
  }

  async function answer({ call, method, args, context }: Extract<ToHost, { call: number }>): Promise<void> {
    const controller = new AbortController()
    running.set(call, controller)
    const inside: Call = {
      data: context,
      signal: controller.signal,
      log: (line) => say({ log: String(line).slice(0, 2000) }),
      ask: (what, value) =>
        new Promise((resolve, reject) => {
          const id = ++asked
          waiting.set(id, { resolve, reject })
          say({ ask: id, call, what, value })
        }),
    }
    try {
      const value = await run(found, method, args, context === undefined ? undefined : inside)
      say({ call, ok: true, value: value ?? null })
    } catch (error) {
      const code = (error as { code?: unknown }).code
      const message = error instanceof Error ? error.message : String(error)
      say({ call, ok: false, message, ...(typeof code === 'string' ? { code } : {}) })
    } finally {
      running.delete(call)
    }
  }

  function settle(message: Extract<ToHost, { reply: number }>): void {
    const known = waiting.get(message.reply)
    waiting.delete(message.reply)
    if (message.ok) known?.resolve(message.value)
    else known?.reject(new Error(String(message.value)))
  }
}

/** `with: { … }` as the module's own schema reads it; without one it stays as it is. */
export function parsedBy(schema: unknown, value: unknown): unknown {
  const parse = (schema as { safeParse?: (value: unknown) => { success: boolean; data?: unknown; error?: unknown } } | undefined)?.safeParse
  if (!parse) return value
  const result = parse.call(schema, value)
  if (result.success) return result.data
  const issues = (result.error as { issues?: { path: unknown[]; message: string }[] }).issues ?? []
  throw new Error(`with: ${issues.map((issue) => `${issue.path.join('.') || 'value'}: ${issue.message}`).join('; ')}`)
}
