/** Holds one user's injector module in a process of its own: `module-host FILE`. Requests come on descriptor 3, answers go to 4. */
import { createReadStream, createWriteStream } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { Json } from '../faults/injector.ts'
import type { ContextData, FromHost, Method, ModuleFacts, ToHost } from '../faults/own/module-protocol.ts'
import { endProcess } from '../system/exit.ts'
import { readMessages, sendMessage } from '../system/lines.ts'
import { seededRandom } from '../system/random.ts'

type Call = Extract<ToHost, { call: number }>
type Loaded = Record<string, unknown> & { spec?: { safeParse?: (value: unknown) => { success: boolean; data?: unknown; error?: unknown } } }

delete process.env.SQUALL_ROLE // What the user's code starts is not ours.

const output = createWriteStream('', { fd: 4 })
output.on('error', () => endProcess(0)) // The guardian is gone.
const say = (message: FromHost): void => sendMessage(output, message)
const input = createReadStream('', { fd: 3 })
input.on('close', () => endProcess(0))

const waiting = new Map<number, { resolve(value: Json): void; reject(error: Error): void }>()
const running = new Map<number, AbortController>()
let asked = 0

const injector = await load(process.argv[2] ?? '')
readMessages<ToHost>(
  input,
  (message) => {
    if ('abort' in message) running.get(message.abort)?.abort()
    else if ('reply' in message) settle(message)
    else void answer(message)
  },
  () => {},
)

async function load(file: string): Promise<Loaded> {
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: Loaded }
    const found = module.default
    const missing = ['inject', 'rollback', 'look', 'plan'].filter((name) => typeof found?.[name] !== 'function')
    if (!found || missing.length > 0) {
      say({ unusable: `its default export has no ${missing.join(', ') || 'injector'}` })
      return {}
    }
    say({ loaded: factsOf(found) })
    return found
  } catch (error) {
    say({ unusable: (error as Error).message })
    return {}
  }
}

function factsOf(found: Loaded): ModuleFacts {
  const patience = found.patience as ModuleFacts['patience']
  return {
    type: String(found.type ?? 'own'),
    instant: found.instant === true,
    ...(typeof found.settle === 'string' ? { settle: found.settle } : {}),
    ...(patience ? { patience } : {}),
  }
}

async function answer(message: Call): Promise<void> {
  const controller = new AbortController()
  running.set(message.call, controller)
  try {
    const context = message.context && contextFor(message.call, message.context, controller.signal)
    const value = await run(message.method, message.args, context)
    say({ call: message.call, ok: true, value: (value ?? null) as Json })
  } catch (error) {
    const code = (error as { code?: unknown }).code
    say({
      call: message.call,
      ok: false,
      message: error instanceof Error ? error.message : String(error),
      ...(typeof code === 'string' ? { code } : {}),
    })
  } finally {
    running.delete(message.call)
  }
}

async function run(method: Method, args: Json[], context: unknown): Promise<unknown> {
  const known = injector[method]
  if (typeof known !== 'function') {
    if (method === 'needs') return []
    throw new Error(`the module has no ${method}`)
  }
  const own = method === 'plan' || method === 'needs' ? [parsed(args[0] as Json), ...args.slice(1)] : args
  return known.apply(injector, context === undefined ? own : [...own, context])
}

/** `with: { … }` as the module's own schema reads it. */
function parsed(spec: Json): unknown {
  const result = injector.spec?.safeParse?.(spec)
  if (!result) return spec
  if (result.success) return result.data
  const issues = (result.error as { issues?: { path: unknown[]; message: string }[] }).issues ?? []
  throw new Error(`with: ${issues.map((issue) => `${issue.path.join('.') || 'value'}: ${issue.message}`).join('; ')}`)
}

function contextFor(call: number, data: ContextData, signal: AbortSignal): Record<string, unknown> {
  const ask = (what: 'save' | 'secret' | 'random', value: Json): Promise<Json> =>
    new Promise((resolve, reject) => {
      const id = ++asked
      waiting.set(id, { resolve, reject })
      say({ ask: id, call, what, value })
    })
  return {
    mark: data.mark,
    deadline: new Date(data.deadline),
    folder: data.folder,
    signal,
    log: (line: string) => say({ log: String(line).slice(0, 2000) }),
    secret: (name: string) => ask('secret', name),
    // `random` is not a promise in the contract: seeded by the mark, so the same run picks the same.
    random: seededRandom([...data.mark].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7)),
    save: (state: Json) => ask('save', state),
  }
}

function settle(message: Extract<ToHost, { reply: number }>): void {
  const known = waiting.get(message.reply)
  waiting.delete(message.reply)
  if (message.ok) known?.resolve(message.value)
  else known?.reject(new Error(String(message.value)))
}
