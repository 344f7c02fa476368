/** Runs one of the project's own programs at a time, with its output where ours goes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

let current: ChildProcess | undefined

/** The program that runs now: the one to pass signals on to. */
export function currentChild(): ChildProcess | undefined {
  return current
}

/**
 * Runs `node …argv` to its end and gives its exit code; one that ended by a signal counts as 5. In a session of its own: Ctrl-C
 * reaches us alone, so that it can be passed on exactly once.
 */
export async function runInForeground(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, argv, { detached: true, stdio: ['ignore', 'inherit', 'inherit'], env })
  current = child
  const [code] = (await once(child, 'exit')) as [number | null]
  current = undefined
  return code ?? 5
}

/** What `node …argv` prints on stdout. */
export async function outputOf(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'], env })
  return text(child.stdout)
}
