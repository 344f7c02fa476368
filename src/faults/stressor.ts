/**
 * Programs of ours that are the fault as long as they live: they carry the mark, die with the guardian, end at a deadline of their own, and
 * are the kernel's first victims when memory runs out. So such a fault expires by itself, whoever is dead by then.
 */
import type { Writable } from 'node:stream'
import { startChild } from '../system/children.ts'
import { wallMs } from '../system/clock.ts'
import { entryPath } from '../system/entry.ts'
import type { Context } from './injector.ts'
import { findByMark, killByMark } from './marks.ts'

export interface StressorOptions {
  /** File in src/entries. */
  entry: string
  /** Data for it, its first argument as JSON; the second is how many ms it may live. */
  task: object
  /** ms since the epoch. */
  expiresAt: number
  context: Pick<Context<never>, 'mark' | 'signal'>
  /** Programs that become it, e.g. `nsenter … --`; it then is not killed with its parent unless they see to that. */
  through?: readonly string[]
  /** Called with its standard input, for what other users must not see in its arguments and for what it is told later. */
  talk?(input: Writable): void
  /** Puts it, by its pid, where it is to count, before it has done anything. */
  put?: ((pid: number) => void) | undefined
}

/** Marks whose stressors were ready, started by this process and not undone by it: if none lives any more it has died. */
const ready = new Set<string>()

/**
 * Starts it and returns once it has said that it is ready.
 * @throws with its own words when it ends before that
 */
export async function startStressor({ entry, task, expiresAt, context, through = [], talk, put }: StressorOptions): Promise<void> {
  context.signal.throwIfAborted()
  const program = [process.execPath, entryPath(entry), JSON.stringify(task), String(Math.max(0, Math.round(expiresAt - wallMs())))]
  const child = startChild({
    argv: [...through, ...program] as [string, ...string[]],
    mark: `${context.mark}/effect`,
    dieWithParent: true,
    oomFirst: true,
    stdio: [talk ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  })
  const { stdin, stdout, stderr } = child.process ?? {}
  stdin?.on('error', () => {}) // It has ended: the look tells.
  if (stdin) talk?.(stdin)
  let said = ''
  stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000)
  })
  try {
    if (child.pid !== undefined) put?.(child.pid)
    await new Promise<void>((resolve, reject) => {
      stdout?.once('data', () => resolve())
      void child.exited.then(({ failed, code, signal }) =>
        // What it has said arrives a moment after its end.
        setTimeout(() => reject(new Error(failed?.message ?? (said.trim() || `it ended with ${code ?? signal}`))), 20),
      )
    })
    ready.add(context.mark)
  } finally {
    stdout?.destroy()
    stderr?.destroy()
    child.process?.unref()
  }
}

/** pids of those of this fault that live. */
export function stressorsOf(mark: string): number[] {
  return findByMark(`${mark}/effect`).map(({ pid }) => pid)
}

/** Ends all of this fault. */
export async function endStressors(mark: string): Promise<void> {
  ready.delete(mark)
  await killByMark(`${mark}/effect`)
}

/** Part of a look that found none: whether they have died, as far as can be told here. */
export function howEnded(mark: string): { died?: string } {
  return ready.has(mark) ? { died: 'what kept it up was killed, perhaps by the kernel for want of memory' } : {}
}

/** For `Change.expires`. */
export function expiresIn(expiresAt: number): string {
  return `after ${Math.max(0, Math.round((expiresAt - wallMs()) / 1000))} s`
}
